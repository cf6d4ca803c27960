"""An order is completed by the final report of what was ordered, wherever the report comes from.

It is active again when the only signed report is withdrawn. Both are written once for each version
of a report, with a Provenance that names it: whoever sets the order otherwise afterwards has the
last word. Orders that are revoked, on hold or completed by somebody else aren't touched.

https://hl7.org/fhir/R4/request.html#statemachine
https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, Literal
from uuid import NAMESPACE_URL, uuid5

from fhirserver import clock
from fhirserver.errors import VersionConflict
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.workflows.alerts import changed, labels_of, stamp, write
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.registering import workflow
from fhirserver.workflows.reported import (
    SIGNED,
    is_for_once,
    is_reported,
    orders,
    requests,
    state,
)

_NAME: Final = "completed_orders"
_OPERATION: Final = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_ATTEMPTS: Final = 5
_OPEN_TASKS: Final = "requested,received,accepted,ready,in-progress,on-hold"
_FULFIL: Final = "fulfill"

Activity = Literal["COMPLETE", "REACTIVATE"]


def act_on_all(occasions: Sequence[Occasion]) -> None:
    """With one look at the orders: those of most reports were completed by who reported."""
    touched = [(o, id_) for o in occasions for id_ in sorted(_touched(o))]
    if not touched:
        return
    ids = sorted({id_ for _, id_ in touched})
    found = occasions[0].search(
        "ServiceRequest", ("_id", ",".join(ids)), ("status", "active,completed")
    )
    known = {order["id"] for order in found}
    for occasion, id_ in touched:
        if id_ in known:
            _settle(occasion, id_)


@workflow(_NAME, types=("DiagnosticReport",), statuses=SIGNED, act_on_all=act_on_all)
def act(occasion: Occasion) -> None:
    act_on_all([occasion])


def _touched(occasion: Occasion) -> frozenset[str]:
    """The orders for which this change makes a difference."""
    before, after = orders(occasion.before), orders(occasion.resource)
    if state(occasion.before) == state(occasion.resource):
        return before ^ after
    return before | after


def _settle(occasion: Occasion, id_: str) -> None:
    """Let the order, and those that it is a part of, say what their reports say."""
    waiting, seen = [id_], {id_}
    while waiting:
        order = _settled(occasion, waiting.pop())
        above = requests(order.get("basedOn", ())) - seen if order is not None else frozenset()
        seen |= above
        waiting += sorted(above)


def _settled(occasion: Occasion, id_: str) -> Resource | None:
    """The order if it was changed, as it was before."""
    for _ in range(_ATTEMPTS):
        order = occasion.read("ServiceRequest", id_)
        if order is None or (activity := _due(occasion, order)) is None:
            return None
        record = _record_id(occasion, order)
        if occasion.read("Provenance", record) is not None:
            return None
        with suppress(VersionConflict):
            write(occasion, _entries(occasion, order, activity, record))
            return order
    raise VersionConflict("ServiceRequest was changed again and again")


def _due(occasion: Occasion, order: Resource) -> Activity | None:
    """What is to become of an order, by all that is known of it now."""
    reference = f"ServiceRequest/{order['id']}"
    if order["status"] == "active":
        if not is_for_once(order) or _has_open_parts(occasion, reference):
            return None
        reports = occasion.search("DiagnosticReport", ("based-on", reference))
        studies = occasion.search("ImagingStudy", ("basedon", reference))
        return "COMPLETE" if is_reported(reports, studies) else None
    if order["status"] == "completed" and _completed(occasion, reference) is not None:
        reports = occasion.search("DiagnosticReport", ("based-on", reference))
        return None if any(state(r) == "signed" for r in reports) else "REACTIVATE"
    return None


def _has_open_parts(occasion: Occasion, reference: str) -> bool:
    parts = occasion.search(
        "ServiceRequest", ("based-on", reference), ("status", "draft,active,on-hold")
    )
    return bool(parts)


def _completed(occasion: Occasion, reference: str) -> Resource | None:
    """The Provenance of its completion here, if that was the last that was done here."""
    found = occasion.search("Provenance", ("target", reference), ("_sort", "-recorded"))
    ours = (p for p in found if p["agent"][0]["who"].get("display") == occasion.principal.subject)
    last = next(ours, None)
    return last if last is not None and _is_of(last, "COMPLETE") else None


def _is_of(record: Resource, activity: Activity) -> bool:
    codings = record.get("activity", {}).get("coding", ())
    return any(c.get("system") == _OPERATION and c.get("code") == activity for c in codings)


def _record_id(occasion: Occasion, order: Resource) -> str:
    """The id of the Provenance for this order and this version of the report."""
    change = occasion.change
    return str(uuid5(NAMESPACE_URL, f"{_NAME}|{order['id']}|{change.reference}|{change.version}"))


def _entries(
    occasion: Occasion, order: Resource, activity: Activity, record: str
) -> list[Resource]:
    """The order, the tasks to carry it out, and why they are changed."""
    if activity == "COMPLETE":
        wanted = [{**order, "status": "completed"}, *_done(occasion, order)]
    else:
        wanted = [{**order, "status": "active"}, *_undone(occasion, order)]
    history = {"reference": f"Provenance/{record}"}
    made = [{**w, "relevantHistory": [*w.get("relevantHistory", ()), history]} for w in wanted]
    return [*map(changed, made), _reason(occasion, made, activity, record)]


def _done(occasion: Occasion, order: Resource) -> Iterator[Resource]:
    tasks = occasion.search(
        "Task", ("focus", f"ServiceRequest/{order['id']}"), ("status", _OPEN_TASKS)
    )
    for task in tasks:
        codes = [c.get("code") for c in task.get("code", {}).get("coding", ())]
        if _FULFIL in codes or not codes:
            yield {**task, "status": "completed", "lastModified": stamp(clock.now())}


def _undone(occasion: Occasion, order: Resource) -> Iterator[Resource]:
    """The tasks that were completed with it, as they were before."""
    record = _completed(occasion, f"ServiceRequest/{order['id']}") or {}
    for target in record.get("target", ()):
        kind, id_, _, version = target["reference"].split("/")
        task = occasion.read(kind, id_) if kind == "Task" else None
        if task is None or task["status"] != "completed":
            continue
        then = FhirRequest(
            "vread", occasion.principal, type=kind, id=id_, version=str(int(version) - 1)
        )
        before = json.kept(occasion.handle(then).content or b"{}")
        yield {**task, "status": before["status"], "lastModified": stamp(clock.now())}


def _reason(
    occasion: Occasion, made: Sequence[Resource], activity: Activity, record: str
) -> dict[str, Any]:
    """The entry of the Provenance: the versions that are made, and the report that made it so."""
    report = f"{occasion.change.reference}/_history/{occasion.change.version}"
    labels = labels_of(*made, occasion.resource or occasion.before or {})
    said: Resource = {
        "resourceType": "Provenance",
        "id": record,
        **({"meta": {"security": [*labels]}} if labels else {}),
        "target": [
            {"reference": f"{m['resourceType']}/{m['id']}/_history/{_next_version(m)}"}
            for m in made
        ],
        "recorded": stamp(clock.now()),
        "activity": {"coding": [{"system": _OPERATION, "code": activity}]},
        "agent": [
            {
                "type": {"coding": [{"system": _PARTICIPANT, "code": "performer"}]},
                "who": {"display": occasion.principal.subject},
            }
        ],
        # What was deleted can't be referred to.
        "entity": [
            {"role": "source", "what": {"reference" if occasion.resource else "display": report}}
        ],
    }
    return {
        "fullUrl": f"Provenance/{record}",
        "resource": said,
        "request": {"method": "PUT", "url": f"Provenance/{record}", "ifNoneMatch": "*"},
    }


def _next_version(resource: Resource) -> int:
    return int(resource["meta"]["versionId"]) + 1
