"""The items of the modality worklist that a query asks for, from what is ordered and planned.

Steps are Appointments and Tasks (`fulfill`) of orders, and orders that have a time of their own.
What a query says of days, patients and numbers is searched by FHIR; every key is then compared.
PS3.4 annex K
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from dicom_gateway.mapping.order_uids import request_id
from dicom_gateway.mapping.scheduled_steps import STEP_IDS, Step, references
from dicom_gateway.mapping.worklist import Item, Order, Reader, is_imaging, worklist_item
from dicom_gateway.matching import How, matching
from dicom_gateway.matching.ranges import between
from dicom_gateway.querying.asking import Asking, Pair
from fhirserver.model.resource import Resource

Keys = Mapping[str, Any]

MOST: Final = 2_000
"""Steps that are looked at for one query; a broader one is to be asked with more keys."""
_PAGE: Final = ("_count", "200")
_STEPS: Final = "00400100"
_DATE: Final = "00400002"
_OPEN: Final[Mapping[str, tuple[Pair, ...]]] = {
    "Appointment": (("status", "booked,arrived,checked-in"), ("based-on:missing", "false")),
    "Task": (
        ("status", "requested,received,accepted,ready,in-progress"),
        ("code", "http://hl7.org/fhir/CodeSystem/task-code|fulfill"),
    ),
    "ServiceRequest": (("status", "active"), ("occurrence:missing", "false")),
}
_WHEN: Final = {"Appointment": "date", "Task": "period", "ServiceRequest": "occurrence"}


class TooMany(Exception):
    """More steps than are looked at for one query."""


def items(asking: Asking, keys: Keys, reader: Reader) -> Iterator[Item]:
    """All items that meet the keys. Raises ValueError for keys that can't be read, and TooMany."""
    meets = matching(keys, How(is_combined=True))
    orders = _orders_asked(asking, keys)
    if orders is not None and not orders:
        return
    steps = _steps(asking, _period(keys, reader.zone), orders)
    yield from (item for item in _items(asking, steps, reader) if meets(item))


def open_steps(asking: Asking, orders: Sequence[str]) -> list[Resource]:
    """The Appointments and Tasks of some orders (ids of ServiceRequests) that are to be done."""
    steps = _steps(asking, (), sorted(orders)) if orders else []
    return [step for step in steps if not _is_order(step)]


def _items(asking: Asking, steps: list[Resource], reader: Reader) -> Iterator[Item]:
    """Each step with its order, patient and so on, in the order of their beginning."""
    orders = asking.referred(_order_of(step) for step in steps)
    orders |= {f"ServiceRequest/{s['id']}": s for s in steps if _is_order(s)}
    told = [
        r.get(name, {}).get("reference")
        for r in orders.values()
        for name in ("subject", "encounter", "requester")
    ]
    told += [reference for step in steps for reference in references(step)]
    known = asking.referred(told)
    more = [r.get("location", {}).get("reference") for r in known.values() if _is(r, "Device")]
    more += [_ward(r) for r in known.values() if _is(r, "Encounter")]
    more += [
        r.get("practitioner", {}).get("reference")
        for r in known.values()
        if _is(r, "PractitionerRole")
    ]
    known |= asking.referred(m for m in more if m not in known)
    warnings = _of_patients(asking, "Flag", known)
    allergies = _of_patients(asking, "AllergyIntolerance", known, ("clinical-status", "active"))
    planned = _planned(asking, [f"ServiceRequest/{s['id']}" for s in steps if _is_order(s)])
    performed = _performed(asking, orders)
    for resource in steps:
        reference = _order_of(resource)
        request = orders.get(reference)
        step = Step(resource, known)
        if request is None or step.status is None or request.get("status") != "active":
            continue
        if _is_order(resource) and reference in planned:
            # The order's own wish has become an appointment.
            continue
        subject = request.get("subject", {}).get("reference", "")
        patient = known.get(subject)
        if patient is None or not _is(patient, "Patient") or not is_imaging(request, step):
            continue
        encounter = known.get(request.get("encounter", {}).get("reference", ""))
        progress = performed.get((reference, step.id))
        if progress not in {None, "in-progress"}:
            continue
        order = Order(
            request,
            patient,
            encounter,
            _person(request.get("requester", {}).get("reference", ""), known),
            known.get(_ward(encounter) or "") if encounter else None,
            warnings.get(subject, ()),
            allergies.get(subject, ()),
        )
        yield worklist_item(order, replace(step, is_started=bool(progress)), reader)


def _steps(asking: Asking, period: tuple[str, ...], orders: list[str] | None) -> list[Resource]:
    """What is planned: Appointments, Tasks, and orders with a time of their own."""
    found: list[Resource] = []
    for kind, pairs in _OPEN.items():
        when = [(_WHEN[kind], bound) for bound in period]
        for of in _restrictions(kind, orders):
            for resource in asking.search(kind, *pairs, *when, *of, _PAGE):
                found.append(resource)
                if len(found) > MOST:
                    raise TooMany
    return found


def _planned(asking: Asking, orders: list[str]) -> set[str]:
    """Those of some orders for which somebody has planned something, whatever became of it."""
    found: set[str] = set()
    dead = ("status:not", "cancelled,entered-in-error,noshow,proposed,rejected,failed,draft")
    for at in range(0, len(orders), 50):
        some = ",".join(orders[at : at + 50])
        for kind, name in (("Appointment", "based-on"), ("Task", "focus")):
            pairs = (*_OPEN[kind][1:], dead, (name, some))
            found |= {_order_of(r) for r in asking.search(kind, *pairs, _PAGE)}
    return found


def _performed(asking: Asking, orders: Iterable[str]) -> dict[tuple[str, str], str]:
    """How far steps are: the status of the Procedure by order and Scheduled Procedure Step ID."""
    found: dict[tuple[str, str], str] = {}
    listed = sorted(orders)
    for at in range(0, len(listed), 50):
        some = ",".join(listed[at : at + 50])
        pairs = (("based-on", some), ("status", "in-progress,completed,stopped"))
        for procedure in asking.search("Procedure", *pairs, _PAGE):
            steps = [
                str(i.get("value"))
                for i in procedure.get("identifier", ())
                if i.get("system") == STEP_IDS
            ]
            for based in procedure.get("basedOn", ()):
                found |= {(based.get("reference", ""), s): procedure["status"] for s in steps}
    return found


def _restrictions(kind: str, orders: list[str] | None) -> Iterator[tuple[Pair, ...]]:
    if orders is None:
        yield ()
        return
    for at in range(0, len(orders), 50):
        some = orders[at : at + 50]
        match kind:
            case "Appointment":
                yield (("based-on", ",".join(f"ServiceRequest/{o}" for o in some)),)
            case "Task":
                yield (("focus", ",".join(f"ServiceRequest/{o}" for o in some)),)
            case _:
                yield (("_id", ",".join(some)),)


def _orders_asked(asking: Asking, keys: Keys) -> list[str] | None:
    """The ids of the orders that a query can mean by its numbers; None for all of them."""
    found: list[str] | None = None
    uids = _exact(keys, "0020000D")
    if uids:
        pairs: list[Pair] = [
            ("identifier", ",".join(f"urn:dicom:uid|urn:oid:{_literal(u)}" for u in uids))
        ]
        found = [r["id"] for r in asking.search("ServiceRequest", *pairs, _PAGE)]
        found += [id_ for id_ in map(request_id, uids) if id_ is not None]
        return sorted(set(found))
    for tag, name in (("00080050", "identifier"), ("00100020", "patient.identifier")):
        values = _exact(keys, tag)
        if values and found is None:
            some: list[Pair] = [(name, ",".join(map(_literal, values))), ("status", "active")]
            found = [r["id"] for r in asking.search("ServiceRequest", *some, _PAGE)]
            ids = ",".join(f"Patient/{v}" for v in values if _is_id(v))
            if tag == "00100020" and not found and ids:
                # A patient without a number of a hospital is known by their id.
                some = [("subject", ids), ("status", "active")]
                found = [r["id"] for r in asking.search("ServiceRequest", *some, _PAGE)]
    return found


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 64 and all(c.isalnum() or c in "-." for c in text) and text.isascii()


def _exact(keys: Keys, tag: str) -> list[str]:
    values = [str(v).strip() for v in keys.get(tag, {}).get("Value") or () if v]
    return [] if any("*" in v or "?" in v for v in values) else [v for v in values if v]


def _literal(value: str) -> str:
    for character in "\\|,$":
        value = value.replace(character, f"\\{character}")
    return value


def _period(keys: Keys, zone: tzinfo) -> tuple[str, ...]:
    """The days that are asked for as bounds of a search of dates, a little wider."""
    inner: Mapping[str, Any] = next(iter(keys.get(_STEPS, {}).get("Value") or ()), {})
    dates: Sequence[Any] = inner.get(_DATE, {}).get("Value") or ()
    if len(dates) != 1 or not dates[0]:
        return ()
    asked = between("DA", str(dates[0]))
    bounds = []
    first, last = _day(asked.first, zone), _day(asked.last, zone)
    if first is not None:
        bounds.append(f"ge{first.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    if last is not None:
        bounds.append(f"lt{last.astimezone(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}")
    return tuple(bounds)


def _day(digits: str, zone: tzinfo) -> datetime | None:
    """The beginning of a day; None at the ends of what there is."""
    if digits <= "00010102" or digits >= "99991230":
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=zone)
    except ValueError:
        return None


def _order_of(step: Resource) -> str:
    """The reference to the order of a step."""
    if _is_order(step):
        return f"ServiceRequest/{step['id']}"
    told = [*step.get("basedOn", ()), step.get("focus", {})]
    found = (str(t.get("reference", "")) for t in told)
    return next((r for r in found if r.startswith("ServiceRequest/")), "")


def _is_order(resource: Resource) -> bool:
    return _is(resource, "ServiceRequest")


def _is(resource: Resource, kind: str) -> bool:
    return bool(resource["resourceType"] == kind)


def _ward(encounter: Resource) -> str | None:
    """Where the patient is now."""
    places = encounter.get("location", ())
    current = [p for p in places if p.get("status", "active") == "active"] or places
    return next((p.get("location", {}).get("reference") for p in current), None)


def _person(reference: str, known: Mapping[str, Resource]) -> Resource | None:
    found = known.get(reference)
    if found is not None and _is(found, "PractitionerRole"):
        return known.get(found.get("practitioner", {}).get("reference", ""))
    return found


def _of_patients(
    asking: Asking, kind: str, known: Mapping[str, Resource], *status: Pair
) -> dict[str, list[Resource]]:
    """Resources of a type by the reference to their patient."""
    patients = [r for r in known if r.startswith("Patient/")]
    found: dict[str, list[Resource]] = {}
    for at in range(0, len(patients), 50):
        some = ",".join(patients[at : at + 50])
        for resource in asking.search(kind, ("patient", some), *status, _PAGE):
            if resource.get("status", "active") != "active":
                continue
            told = resource.get("subject") or resource.get("patient") or {}
            found.setdefault(str(told.get("reference", "")), []).append(resource)
    return found
