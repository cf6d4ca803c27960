"""A patient's allergies against what the patient takes: the same code, or an ingredient's.

By itself it compares codes. `said` lets those who know medicines say more: that amoxicillin is a
penicillin, or that there are cross-reactions.
https://hl7.org/fhir/R4/allergyintolerance.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from fhirserver.alerting.hits import Hit
from fhirserver.alerting.plans import Rule
from fhirserver.alerting.readings import Code
from fhirserver.model.resource import Resource

_NOT_TRUE: Final = frozenset({"refuted", "entered-in-error"})
_OVER: Final = frozenset({"inactive", "resolved"})
TAKEN: Final = {
    "MedicationRequest": frozenset({"active", "on-hold", "draft"}),
    "MedicationStatement": frozenset({"active", "intended", "on-hold"}),
}
Said = Callable[[Resource], str | None]


def is_current(allergy: Resource) -> bool:
    """Whether an allergy is to be minded: neither refuted nor resolved."""
    states = {
        c.get("code")
        for name in ("clinicalStatus", "verificationStatus")
        for c in allergy.get(name, {}).get("coding", ())
    }
    return not states & (_NOT_TRUE | _OVER)


def substances(allergy: Resource) -> frozenset[Code]:
    """What somebody doesn't bear."""
    concepts = [allergy.get("code", {}), *(r["substance"] for r in allergy.get("reaction", ())
                                           if "substance" in r)]  # fmt: skip
    return frozenset(c for concept in concepts for c in _codes(concept))


def ingredients(order: Resource, medications: Mapping[str, Resource]) -> frozenset[Code]:
    """What an order or a statement gives: its code and those of the medicine's ingredients."""
    found = set(_codes(order.get("medicationCodeableConcept", {})))
    reference = order.get("medicationReference", {}).get("reference") or ""
    medicine = medications.get(reference)
    if reference.startswith("#"):
        medicine = next(
            (r for r in order.get("contained", ()) if r.get("id") == reference[1:]), None
        )
    if medicine is not None:
        found |= set(_codes(medicine.get("code", {})))
        for one in medicine.get("ingredient", ()):
            found |= set(_codes(one.get("itemCodeableConcept", {})))
    return frozenset(found)


def conflicts(
    rule: Rule,
    allergy: Resource,
    orders: Iterable[Resource],
    medications: Mapping[str, Resource],
    said: Said = lambda _: None,
) -> Iterator[tuple[Resource, Hit]]:
    """The orders and statements that go against an allergy, each with its hit."""
    if not is_current(allergy):
        return
    minded = substances(allergy)
    for order in orders:
        if order.get("status") not in TAKEN.get(order["resourceType"], ()):
            continue
        told = said(order)
        if told is None and minded & ingredients(order, medications):
            told = f"{_name(allergy)}, and {_drug(order, medications)} is given"
        if told is not None:
            reference = f"{order['resourceType']}/{order['id']}"
            yield order, Hit(rule, f"{rule.title}: {told}", reference, (reference,))


def _codes(concept: Resource) -> Iterator[Code]:
    for coding in concept.get("coding", ()):
        if coding.get("code"):
            yield coding.get("system") or "", coding["code"]


def _name(allergy: Resource) -> str:
    concept = allergy.get("code", {})
    return concept.get("text") or _display(concept) or "an allergy"


def _drug(order: Resource, medications: Mapping[str, Resource]) -> str:
    concept = order.get("medicationCodeableConcept")
    reference = order.get("medicationReference", {})
    if concept is None:
        concept = medications.get(reference.get("reference") or "", {}).get("code", {})
    return concept.get("text") or _display(concept) or reference.get("display") or "a medicine"


def _display(concept: Resource) -> str | None:
    return next((c["display"] for c in concept.get("coding", ()) if c.get("display")), None)
