"""A line of a section's table for each resource: the columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.summaries.wording import (
    between,
    concept,
    concepts,
    day,
    dosage,
    observed,
    when,
)

Find = Callable[[str], Resource | None]
"""The resource that the text of a reference names, if the summary has it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The heads of a table and the line of a resource."""

    heads: tuple[str, ...]
    row: Callable[[Resource, Find], tuple[str, ...]]


def _medication(r: Resource, find: Find) -> tuple[str, ...]:
    directions = "; ".join(
        filter(None, map(dosage, r.get("dosageInstruction") or r.get("dosage") or ()))
    )
    state = _status(r)
    if r.get("doNotPerform"):
        state = "DO NOT GIVE"
    start = when(r, "effective") or day(r.get("authoredOn") or r.get("dateAsserted") or "")
    reasons = concepts(r.get("reasonCode", ()))
    # One medicine often comes as both: nobody should take it for two.
    source = "prescribed" if r["resourceType"] == "MedicationRequest" else "reported"
    return _name(r, "medication", find), directions, state, source, start, reasons


def _allergy(r: Resource, find: Find) -> tuple[str, ...]:
    reactions = [x for x in r.get("reaction", ()) if x]
    shown = [
        " ".join(filter(None, [concepts(x.get("manifestation", ())), _in_brackets(x)]))
        for x in reactions
    ]
    kind = {"high": "HIGH", "low": "low", "unable-to-assess": "not known"}
    sort = ", ".join(filter(None, [r.get("type"), *r.get("category", ())]))
    return (
        concept(r.get("code")),
        kind.get(r.get("criticality", ""), ""),
        "; ".join(filter(None, shown)),
        sort,
        _state(r),
        when(r, "onset") or day(r.get("recordedDate") or ""),
    )


def _in_brackets(reaction: Resource) -> str:
    severity = reaction.get("severity")
    return f"({severity})" if severity else ""


def _condition(r: Resource, find: Find) -> tuple[str, ...]:
    return (
        concept(r.get("code")),
        _state(r),
        concept(r.get("severity")),
        when(r, "onset") or day(r.get("recordedDate") or ""),
        when(r, "abatement"),
        concepts(r.get("bodySite", ())),
    )


def _immunization(r: Resource, find: Find) -> tuple[str, ...]:
    doses = [
        str(p.get("doseNumberPositiveInt") or p.get("doseNumberString") or "")
        for p in r.get("protocolApplied", ())
    ]
    return (
        concept(r.get("vaccineCode")),
        when(r, "occurrence"),
        ", ".join(filter(None, doses)),
        str(r.get("lotNumber") or ""),
    )


def _procedure(r: Resource, find: Find) -> tuple[str, ...]:
    return (
        concept(r.get("code")),
        when(r, "performed"),
        _status(r),
        concepts(r.get("bodySite", ())),
        concept(r.get("outcome")),
    )


def _device(r: Resource, find: Find) -> tuple[str, ...]:
    return (
        _reference(r.get("device"), find),
        _status(r),
        when(r, "timing"),
        concept(r.get("bodySite")),
    )


def _observation(r: Resource, find: Find) -> tuple[str, ...]:
    if r["resourceType"] == "DiagnosticReport":
        concluded = r.get("conclusion") or concepts(r.get("conclusionCode", ()))
        return concept(r.get("code")), concluded, "", "", when(r, "effective"), _unless_final(r)
    components = [
        f"{concept(c.get('code'))} {observed(c)}" for c in r.get("component", ()) if observed(c)
    ]
    value = observed(r) if any(k.startswith("value") for k in r) or not components else ""
    ranges = [x.get("text") or between(x) for x in r.get("referenceRange", ())]
    return (
        concept(r.get("code")),
        "; ".join(filter(None, [value, *components])),
        concepts(r.get("interpretation", ())),
        "; ".join(filter(None, ranges)),
        when(r, "effective"),
        _unless_final(r),
    )


def _plan(r: Resource, find: Find) -> tuple[str, ...]:
    title = r.get("title") or concepts(r.get("category", ())) or r.get("description") or ""
    activities = (a.get("detail") or {} for a in r.get("activity", ()))
    doing = (concept(d.get("code")) or d.get("description") or "" for d in activities)
    return title, when(r, "period"), "; ".join(filter(None, doing)), _status(r)


def _flag(r: Resource, find: Find) -> tuple[str, ...]:
    return concept(r.get("code")), concepts(r.get("category", ())), when(r, "period")


def _directive(r: Resource, find: Find) -> tuple[str, ...]:
    provision = r.get("provision") or {}
    return (
        concepts(r.get("category", ())),
        str(provision.get("type") or ""),
        concepts(provision.get("code", ())),
        day(r.get("dateTime") or ""),
    )


def _status(r: Resource) -> str:
    return str(r.get("status") or "").replace("-", " ")


def _unless_final(r: Resource) -> str:
    return "" if r.get("status") == "final" else _status(r)


def _state(r: Resource) -> str:
    """Clinical status, and how sure it is where it isn't confirmed."""
    certainty = _code(r.get("verificationStatus"))
    certainty = "" if certainty == "confirmed" else certainty
    return ", ".join(filter(None, [_code(r.get("clinicalStatus")), certainty]))


def _code(value: Resource | None) -> str:
    codings = (value or {}).get("coding", ())
    return next((c["code"] for c in codings if c.get("code")), concept(value))


def _name(r: Resource, element: str, find: Find) -> str:
    if f"{element}CodeableConcept" in r:
        return concept(r[f"{element}CodeableConcept"])
    return _reference(r.get(f"{element}Reference"), find, r)


def _reference(value: Resource | None, find: Find, of: Resource | None = None) -> str:
    text = (value or {}).get("reference") or ""
    found = find(text)
    if text.startswith("#"):
        inside = (of or {}).get("contained", ())
        found = next((c for c in inside if c.get("id") == text[1:]), None)
    named = _called(found) if found else ""
    return (
        named
        or str((value or {}).get("display") or "")
        or concept((value or {}).get("identifier", {}).get("type"))
    )


def _called(r: Resource) -> str:
    """A Medication or Device by its name."""
    names = [n.get("name") for n in r.get("deviceName", ())]
    return concept(r.get("code")) or next(filter(None, names), "") or concept(r.get("type"))


MEDICATIONS: Final = Columns(
    ("Medicine", "Directions", "Status", "Source", "Since", "For"), _medication
)
ALLERGIES: Final = Columns(
    ("Allergy or intolerance", "Criticality", "Reaction", "Kind", "Status", "Since"), _allergy
)
CONDITIONS: Final = Columns(("Problem", "Status", "Severity", "Since", "Until", "Site"), _condition)
IMMUNIZATIONS: Final = Columns(("Vaccine", "Given", "Dose", "Lot"), _immunization)
PROCEDURES: Final = Columns(("Procedure", "Done", "Status", "Site", "Outcome"), _procedure)
DEVICES: Final = Columns(("Device", "Status", "Time", "Site"), _device)
OBSERVATIONS: Final = Columns(
    ("Observation", "Result", "Interpretation", "Normal", "Time", "Status"), _observation
)
PLANS: Final = Columns(("Plan", "Period", "Activities", "Status"), _plan)
FLAGS: Final = Columns(("Alert", "Kind", "Period"), _flag)
DIRECTIVES: Final = Columns(("Directive", "Type", "About", "Date"), _directive)
