"""What is dispensed or given, against the prescription that it rests on.

https://hl7.org/fhir/R4/medicationdispense.html, https://hl7.org/fhir/R4/medicationadministration.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import Issue
from fhirserver.model.resource import Resource
from fhirserver.search.types.date import bounds

TYPES: Final = frozenset({"MedicationDispense", "MedicationAdministration"})
# What never left the pharmacy, or never reached the patient, needs no prescription.
_NOTHING: Final = frozenset(
    {"cancelled", "declined", "not-done", "entered-in-error", "on-hold", "unknown"}
)
_OVER: Final = frozenset({"cancelled", "completed", "stopped"})
# https://terminology.hl7.org/CodeSystem-v3-ActCode.html: fills of a part of what was prescribed.
_PART_FILLS: Final = frozenset({"DF", "EM", "FFP", "RFP", "TF", "UD", "FFPS", "RFPS", "TFS", "TB"})


def rests_on(resource: Resource) -> list[str]:
    """The prescriptions that a dispense or administration names."""
    if resource["resourceType"] == "MedicationDispense":
        found = [r.get("reference", "") for r in resource.get("authorizingPrescription", ())]
    else:
        found = [resource.get("request", {}).get("reference", "")]
    return [str(r).partition("/_history/")[0] for r in found if r]


def counts(resource: Resource) -> bool:
    """Whether something was given away or given: only then the prescription matters."""
    return resource.get("status") not in _NOTHING


def supply_issues(
    supplied: Resource, request: Resource, earlier: Sequence[Resource] = ()
) -> Iterator[Issue]:
    """What forbids a dispense or administration under a prescription.

    `earlier` are the other dispenses of the same prescription.
    """
    kind = supplied["resourceType"]
    place = "authorizingPrescription" if kind == "MedicationDispense" else "request"
    place = f"{kind}.{place}"
    status = request.get("status")
    if not is_same_subject(supplied, request):
        yield _refused("the prescription is for another patient", f"{kind}.subject")
    if request.get("doNotPerform"):
        yield _refused("the prescription says not to give this medicine", place)
    elif status in {"draft", "entered-in-error"}:
        yield _refused(f"the prescription is {status}: nothing may be supplied under it", place)
    elif status == "on-hold":
        yield _refused("the prescription is on hold: resume it first", place)
    elif status in _OVER and _is_after(supplied, _ended(request)):
        yield _refused(f"the prescription was {status} before this: write a new one", place)
    if kind == "MedicationDispense":
        yield from _dispense_issues(supplied, request, earlier, place)


def _dispense_issues(
    dispense: Resource, request: Resource, earlier: Sequence[Resource], place: str
) -> Iterator[Issue]:
    asked: Resource = request.get("dispenseRequest", {})
    valid = _bounds(asked.get("validityPeriod", {}).get("end"))
    if valid is not None and _is_after(dispense, valid[1]):
        yield _refused("the prescription's validity has ended: renew it", place)
    before = [d for d in earlier if counts(d)]
    repeats = asked.get("numberOfRepeatsAllowed")
    quantity = asked.get("quantity")
    if quantity is not None and quantity.get("value") is not None:
        allowed = Decimal(str(quantity["value"])) * (1 + int(repeats or 0))
        yield from _quantity_issues([dispense, *before], quantity, allowed)
    elif repeats is not None and not any(map(_is_part, [dispense, *before])):
        # The first fill is none of the repeats.
        if len(before) <= int(repeats):
            return
        yield _refused(
            f"the prescription allows {repeats} repeats, and all have been dispensed: renew it",
            place,
        )


def _quantity_issues(
    dispenses: Sequence[Resource], asked: Resource, allowed: Decimal
) -> Iterator[Issue]:
    place = "MedicationDispense.quantity"
    given = [d["quantity"] for d in dispenses if d.get("quantity", {}).get("value") is not None]
    if len(given) < len(dispenses) or any(_unit(q) != _unit(asked) for q in given):
        yield Issue(
            "warning",
            "business-rule",
            "what is left of the prescription can't be told: not all quantities are in its unit",
            place,
        )
        return
    this, *others = (Decimal(str(q["value"])) for q in given)
    left = allowed - sum(others)
    if this > left:
        yield _refused(
            f"{_plain(left)} of {_plain(allowed)} are left of the prescription: dispense no more, "
            "or renew it",
            place,
        )


def _is_part(dispense: Resource) -> bool:
    codings = dispense.get("type", {}).get("coding", ())
    return any(c.get("code") in _PART_FILLS for c in codings)


def is_same_subject(one: Resource, other: Resource) -> bool:
    """Whether two resources are about the same patient, as far as both say."""
    mine, theirs = (str(r.get("subject", {}).get("reference", "")) for r in (one, other))
    short, long = sorted((mine, theirs), key=len)
    # One may be the other with the server's address before it.
    return not short or long == short or long.endswith(f"/{short}")


def _ended(request: Resource) -> int | None:
    """When a prescription was over at the latest: no element says when its status changed."""
    times = _bounds(request.get("meta", {}).get("lastUpdated"))
    return None if times is None else times[1]


def _is_after(supplied: Resource, moment: int | None) -> bool:
    """Whether something was supplied after a moment; what tells no time is supplied now."""
    times = _bounds(_time(supplied))
    return moment is None or times is None or times[0] >= moment


def _time(supplied: Resource) -> Any:
    return (
        supplied.get("whenHandedOver")
        or supplied.get("whenPrepared")
        or supplied.get("effectiveDateTime")
        or supplied.get("effectivePeriod", {}).get("start")
    )


def _bounds(text: Any) -> tuple[int, int] | None:
    """The first moment of a dateTime, and the first after it, in microseconds."""
    try:
        return bounds(str(text), UTC) if text else None
    except ValueError:
        return None


def _unit(quantity: Resource) -> tuple[Any, Any]:
    code = quantity.get("code")
    return (quantity.get("system"), code) if code else (None, quantity.get("unit"))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _refused(text: str, expression: str) -> Issue:
    return Issue("error", "business-rule", text, expression)
