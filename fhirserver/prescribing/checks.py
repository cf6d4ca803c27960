"""All checks of prescriptions: what a patient's record says against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from fhirserver import clock
from fhirserver.model.resource import Resource
from fhirserver.prescribing.allergies import allergy_findings, unchecked_allergies
from fhirserver.prescribing.finding import Finding, Unchecked, worst_first
from fhirserver.prescribing.interacting import duplicate_findings, interaction_findings
from fhirserver.prescribing.knowledge import Knowledge
from fhirserver.prescribing.limits import limit_findings
from fhirserver.prescribing.medicine import EXAMINATION, Medicine, medicine_of, reference_to
from fhirserver.prescribing.repeating import repeat_findings

# What is planned or proposed isn't taken yet. https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html
_NO_ORDERS: Final = frozenset({"proposal", "plan", "option"})
TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "MedicationRequest": frozenset({"active", "on-hold", "unknown"}),
    "MedicationStatement": frozenset({"active", "intended", "on-hold", "unknown"}),
}
"""The statuses in which a medicine counts as one that the patient takes, or will again."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the checks look at: allergies, medicines, and the Medications that these refer to;
    `results` are Observations, None where they couldn't be read; `orders` and `reports` those of
    examinations.

    `gaps` are what couldn't be read: of that nothing can be said.
    """

    allergies: Sequence[Resource] = ()
    medicines: Sequence[Resource] = ()
    drugs: Mapping[str, Resource] = field(default_factory=dict)
    gaps: Sequence[Unchecked] = ()
    results: Sequence[Resource] | None = ()
    orders: Sequence[Resource] = ()
    reports: Sequence[Resource] = ()


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


def check(
    proposed: Sequence[Resource], record: Record, known: Knowledge, now: datetime | None = None
) -> Checked:
    """What speaks against some prescriptions and orders, by the record and by each other."""
    now = now or clock.now()
    names = {reference_to(r) for r in proposed if "id" in r}
    prescribed = [_Entry(r, medicine_of(r, record.drugs, known)) for r in proposed]
    examinations = [e for e in prescribed if e.resource["resourceType"] == EXAMINATION]
    # An examination is checked as the medicine that is given for it, if there is any.
    prescribed = [
        e for e in prescribed if e.medicine.is_known or e.resource["resourceType"] != EXAMINATION
    ]
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
        findings += _against(entry.medicine, others, record, known, now)
    for number, entry in enumerate(examinations):
        there = [o for o in record.orders if reference_to(o) not in names]
        there += [e.resource for e in examinations[:number]]
        done = (*record.reports, *(record.results or ()))
        findings += repeat_findings(entry.resource, there, done, known, now)
    unchecked = [*record.gaps]
    if prescribed:
        medicines = [e.medicine for e in (*prescribed, *taken)]
        unchecked = [
            *(_unknown(m, known) for m in medicines if not m.is_known),
            *unchecked_allergies(record.allergies, known),
            *unchecked,
        ]
    if record.results is None and any(known.limits_of(e.medicine.everything) for e in prescribed):
        unchecked.append(Unchecked("Observation", known.words["result.unread"]))
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
    medicine: Medicine,
    others: Sequence[Medicine],
    record: Record,
    known: Knowledge,
    now: datetime,
) -> Iterable[Finding]:
    yield from allergy_findings(medicine, record.allergies, known)
    yield from interaction_findings(medicine, others, known)
    yield from duplicate_findings(medicine, others, known)
    yield from limit_findings(medicine, record.results or (), known, now)


def _is_instead(one: Resource, other: Resource) -> bool:
    """Whether one of two is there in place of the other: it renews it, or was made for it."""
    return reference_to(one) in _replaced(other) or reference_to(other) in _replaced(one)


def _replaced(resource: Resource) -> set[str]:
    prior = [resource.get("priorPrescription") or {}, *resource.get("basedOn", ())]
    prior += resource.get("derivedFrom", ())
    return {str(p.get("reference", "")).partition("/_history/")[0] for p in prior} - {""}


def _unknown(medicine: Medicine, known: Knowledge) -> Unchecked:
    what = "code unknown" if medicine.codes else "text only"
    if medicine.groups:
        what = "group only"
    told = known.words["unknown"].format(what=known.words[what])
    return Unchecked(medicine.reference, told)
