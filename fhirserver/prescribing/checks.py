"""All checks of prescriptions: what a patient's record says against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

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
    findings: list[Finding] = []
    unchecked: list[Unchecked] = []
    prescribed = [(r, medicine_of(r, record.drugs, known)) for r in proposed]
    names = {reference_to(r) for r in proposed if "id" in r}
    taken = [
        (r, medicine_of(r, record.drugs, known))
        for r in record.medicines
        if is_taken(r) and reference_to(r) not in names
    ]
    for number, (resource, medicine) in enumerate(prescribed):
        replaced = _replaced(resource)
        # Two that are prescribed together are compared once.
        others = [m for r, m in taken if m.reference not in replaced]
        others += [m for _, m in prescribed[:number] if m.reference not in replaced]
        findings += _against(medicine, others, record, known)
        if not medicine.is_known:
            unchecked.append(_unknown(medicine))
    unchecked += (_unknown(m) for _, m in taken if not m.is_known)
    unchecked += unchecked_allergies(record.allergies, known)
    unchecked += record.gaps
    return Checked(worst_first(findings), list(dict.fromkeys(unchecked)))


def check_list(record: Record, known: Knowledge) -> Checked:
    """What speaks against the medicines that a patient takes already."""
    return check([r for r in record.medicines if is_taken(r)], record, known)


def _against(
    medicine: Medicine, others: Sequence[Medicine], record: Record, known: Knowledge
) -> Iterable[Finding]:
    yield from allergy_findings(medicine, record.allergies, known)
    yield from interaction_findings(medicine, others, known)
    yield from duplicate_findings(medicine, others, known)


def _replaced(resource: Resource) -> set[str]:
    """What a prescription takes the place of: the one that it renews, or was made for."""
    prior = [resource.get("priorPrescription") or {}, *resource.get("basedOn", ())]
    return {str(p.get("reference", "")).partition("/_history/")[0] for p in prior} - {""}


def _unknown(medicine: Medicine) -> Unchecked:
    what = "a code that isn't known here" if medicine.codes else "text only"
    return Unchecked(medicine.reference, f"the medicine is given as {what}")
