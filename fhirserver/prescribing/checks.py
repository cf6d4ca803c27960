"""All checks of prescriptions: what a patient's record says against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from fhirserver.model.resource import Resource
from fhirserver.prescribing.allergies import allergy_findings, unchecked_allergies
from fhirserver.prescribing.finding import Finding, Unchecked, worst_first
from fhirserver.prescribing.interacting import duplicate_findings, interaction_findings
from fhirserver.prescribing.knowledge import Knowledge
from fhirserver.prescribing.medicine import Medicine, medicine_of, reference_to

# What is planned or proposed isn't taken yet. https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html
_NO_ORDERS: Final = frozenset({"proposal", "plan", "option"})
TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "MedicationRequest": frozenset({"active", "on-hold", "unknown"}),
    "MedicationStatement": frozenset({"active", "intended", "on-hold", "unknown"}),
}
"""The statuses in which a medicine counts as one that the patient takes, or will again."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the checks look at: allergies, medicines, and the Medications that these refer to.

    `gaps` are what couldn't be read: of that nothing can be said.
    """

    allergies: Sequence[Resource] = ()
    medicines: Sequence[Resource] = ()
    drugs: Mapping[str, Resource] = field(default_factory=dict)
    gaps: Sequence[Unchecked] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, the worst first, and what couldn't be looked at."""

    findings: Sequence[Finding]
    unchecked: Sequence[Unchecked]


def is_taken(resource: Resource) -> bool:
    """Whether a request or statement is about a medicine that the patient takes."""
    return (
        resource.get("status") in TAKEN.get(resource["resourceType"], ())
        and resource.get("intent") not in _NO_ORDERS
        and not resource.get("doNotPerform", False)
    )


def check(proposed: Sequence[Resource], record: Record, known: Knowledge) -> Checked:
    """What speaks against some prescriptions, by the record and by each other."""
    names = {reference_to(r) for r in proposed if "id" in r}
    prescribed = [_Entry(r, medicine_of(r, record.drugs, known)) for r in proposed]
    taken = _once([
        _Entry(r, medicine_of(r, record.drugs, known))
        for r in record.medicines
        if is_taken(r) and reference_to(r) not in names
    ])  # fmt: skip
    findings: list[Finding] = []
    for number, entry in enumerate(prescribed):
        if entry.resource.get("doNotPerform", False):
            continue
        # Two that are prescribed together are compared once.
        others = [
            other.medicine
            for other in (*taken, *prescribed[:number])
            if not _is_instead(entry.resource, other.resource)
        ]
        findings += _against(entry.medicine, others, record, known)
    medicines = [e.medicine for e in (*prescribed, *taken)]
    unchecked = [_unknown(m) for m in medicines if not m.is_known]
    unchecked += unchecked_allergies(record.allergies, known)
    unchecked += record.gaps
    return Checked(worst_first(findings), list(dict.fromkeys(unchecked)))


def check_list(record: Record, known: Knowledge) -> Checked:
    """What speaks against the medicines that a patient takes already."""
    taken = [r for r in record.medicines if is_taken(r)]
    entries = _once([_Entry(r, medicine_of(r, record.drugs, known)) for r in taken])
    return check([e.resource for e in entries], replace(record, medicines=()), known)


class _Entry(NamedTuple):
    resource: Resource
    medicine: Medicine


def _once(entries: Sequence[_Entry]) -> list[_Entry]:
    """Without the statements that say of a prescribed medicine only that it is taken."""
    prescribed = {
        e.medicine.ingredients
        for e in entries
        if e.resource["resourceType"] == "MedicationRequest" and e.medicine.ingredients
    }
    return [
        e
        for e in entries
        if e.resource["resourceType"] == "MedicationRequest"
        or e.medicine.ingredients not in prescribed
    ]


def _against(
    medicine: Medicine, others: Sequence[Medicine], record: Record, known: Knowledge
) -> Iterable[Finding]:
    yield from allergy_findings(medicine, record.allergies, known)
    yield from interaction_findings(medicine, others, known)
    yield from duplicate_findings(medicine, others, known)


def _is_instead(one: Resource, other: Resource) -> bool:
    """Whether one of two is there in place of the other: it renews it, or was made for it."""
    return reference_to(one) in _replaced(other) or reference_to(other) in _replaced(one)


def _replaced(resource: Resource) -> set[str]:
    prior = [resource.get("priorPrescription") or {}, *resource.get("basedOn", ())]
    prior += resource.get("derivedFrom", ())
    return {str(p.get("reference", "")).partition("/_history/")[0] for p in prior} - {""}


def _unknown(medicine: Medicine) -> Unchecked:
    what = "a code that isn't known here" if medicine.codes else "text only"
    if medicine.groups:
        what = "a code of which only the group is known here"
    return Unchecked(medicine.reference, f"the medicine is given as {what}")
