"""The life of a prescription, and of what is dispensed and given: which status may follow which.

What has been signed is not rewritten. Another drug or dose is another prescription, which names
the old one as priorPrescription; an error is marked as one, and stays on record.

https://hl7.org/fhir/R4/request.html#statemachine, https://hl7.org/fhir/R4/event.html#statemachine
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.errors import Issue
from fhirserver.model.resource import Resource

ERROR: Final = "entered-in-error"


@dataclass(frozen=True, slots=True)
class Cycle:
    """How resources of one type live.

    `after` has for each status those that may follow it, `first` those to begin with. `reasons`
    need a statusReason. What is `fixed` can't change any more in a status that isn't `open`.
    """

    first: frozenset[str]
    after: Mapping[str, frozenset[str]]
    reasons: frozenset[str]
    open: frozenset[str]
    fixed: frozenset[str]
    instead: str
    has_reason: frozenset[str] = field(default=frozenset({"statusReason"}))


def _of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# "unknown" says that the source doesn't know: whatever is found out may follow.
CYCLES: Final[Mapping[str, Cycle]] = {
    "MedicationRequest": Cycle(
        first=_of("draft active"),
        after={
            "draft": _of("active cancelled entered-in-error"),
            "active": _of("on-hold cancelled completed stopped entered-in-error"),
            "on-hold": _of("active cancelled stopped entered-in-error"),
            "unknown": _of("active on-hold cancelled completed stopped entered-in-error"),
            "cancelled": _of("entered-in-error"),
            "completed": _of("entered-in-error"),
            "stopped": _of("entered-in-error"),
            "entered-in-error": _of(""),
        },
        reasons=_of("on-hold cancelled stopped"),
        open=_of("draft"),
        fixed=_of(
            "intent doNotPerform medicationCodeableConcept medicationReference subject authoredOn "
            "requester dosageInstruction dispenseRequest substitution priorPrescription"
        ),
        instead=(
            "write a new prescription with this one as priorPrescription, and stop or complete "
            "this one"
        ),
    ),
    "MedicationDispense": Cycle(
        first=_of("preparation in-progress on-hold cancelled completed declined stopped unknown"),
        after={
            "preparation": _of(
                "in-progress on-hold cancelled completed declined stopped entered-in-error"
            ),
            "in-progress": _of("on-hold cancelled completed declined stopped entered-in-error"),
            "on-hold": _of(
                "preparation in-progress cancelled completed declined stopped entered-in-error"
            ),
            "unknown": _of(
                "preparation in-progress on-hold cancelled completed declined stopped "
                "entered-in-error"
            ),
            "cancelled": _of("entered-in-error"),
            "completed": _of("entered-in-error"),
            "declined": _of("entered-in-error"),
            "stopped": _of("entered-in-error"),
            "entered-in-error": _of(""),
        },
        reasons=_of("on-hold cancelled declined stopped"),
        open=_of("preparation in-progress on-hold unknown"),
        fixed=_of(
            "medicationCodeableConcept medicationReference subject authorizingPrescription "
            "quantity daysSupply whenHandedOver dosageInstruction substitution"
        ),
        instead="mark this record entered-in-error, and write a new one",
        has_reason=_of("statusReasonCodeableConcept statusReasonReference"),
    ),
    "MedicationAdministration": Cycle(
        first=_of("in-progress not-done on-hold completed stopped unknown"),
        after={
            "in-progress": _of("on-hold not-done completed stopped entered-in-error"),
            "on-hold": _of("in-progress not-done completed stopped entered-in-error"),
            "unknown": _of("in-progress on-hold not-done completed stopped entered-in-error"),
            "not-done": _of("entered-in-error"),
            "completed": _of("entered-in-error"),
            "stopped": _of("entered-in-error"),
            "entered-in-error": _of(""),
        },
        reasons=_of("on-hold not-done stopped"),
        open=_of("in-progress on-hold unknown"),
        fixed=_of(
            "medicationCodeableConcept medicationReference subject effectiveDateTime "
            "effectivePeriod request dosage"
        ),
        instead="mark this record entered-in-error, and write a new one",
    ),
}


def life_cycle_issues(before: Resource | None, after: Resource) -> list[Issue]:
    """What forbids that a version follows another, or is the first; empty when nothing does."""
    cycle = CYCLES.get(after["resourceType"])
    return [] if cycle is None else list(_issues(cycle, before, after))


def is_signed(before: Resource | None, after: Resource) -> bool:
    """Whether a prescription takes effect by this version: it becomes active, or is made so."""
    return (
        after["resourceType"] == "MedicationRequest"
        and after.get("status") == "active"
        and (before is None or before.get("status") != "active")
    )


def _issues(cycle: Cycle, before: Resource | None, after: Resource) -> Iterator[Issue]:
    kind = after["resourceType"]
    status = str(after.get("status"))
    old = None if before is None else str(before.get("status"))
    if before is None or old is None:
        if status not in cycle.first:
            yield _refused(
                f"a new {kind} can't be {status}: it begins as {_or(cycle.first)}", f"{kind}.status"
            )
    elif status != old and status not in cycle.after.get(old, ()):
        can = cycle.after.get(old)
        rest = f"it can become {_or(can)}" if can else "nothing follows that"
        yield _refused(f"{kind} can't go from {old} to {status}: {rest}", f"{kind}.status")
    if status != old and status in cycle.reasons and not cycle.has_reason & after.keys():
        name = "statusReason" if len(cycle.has_reason) == 1 else "statusReason[x]"
        yield _refused(f"{status} needs a reason in {name}", f"{kind}.{name}")
    if before is not None and old not in cycle.open:
        for name in sorted(cycle.fixed):
            if _said(before, name) != _said(after, name):
                yield _refused(
                    f"{name} can't change once the status is {old}: {cycle.instead}",
                    f"{kind}.{name}",
                )


def _said(resource: Resource, name: str) -> Any:
    """What a resource says in an element, as far as it is fixed."""
    value = resource.get(name)
    if name == "dispenseRequest" and value is not None:
        # Which pharmacy it is sent to may change.
        return {k: v for k, v in value.items() if k != "performer"} or None
    if name == "medicationReference" and value is not None:
        reference = str(value.get("reference", ""))
        if reference.startswith("#"):
            # A drug described inside the prescription is part of it.
            return [c for c in resource.get("contained", ()) if c.get("id") == reference[1:]]
    return value


def _refused(text: str, expression: str) -> Issue:
    return Issue("error", "business-rule", text, expression)


def _or(codes: frozenset[str]) -> str:
    found = sorted(codes)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"
