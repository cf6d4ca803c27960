"""A medicine that somebody is prescribed, dispensed, given or says to take: what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import Code, codes_of, words_of
from fhirserver.prescribing.knowledge import Knowledge

EXAMINATION: Final = "ServiceRequest"
"""The type of orders of tests and images."""


@dataclass(frozen=True, slots=True)
class Medicine:
    """The medicine of a resource, with what is known of it.

    `reference` is where it was found (`MedicationRequest/1`), `is_known` whether the checks know
    its codes or its ingredients' themselves.
    """

    name: str
    codes: frozenset[Code]
    ingredients: frozenset[Code]
    groups: frozenset[Code]
    reference: str
    is_known: bool

    @property
    def everything(self) -> frozenset[Code]:
        """All by which a rule may name it."""
        return self.codes | self.ingredients | self.groups


def reference_to(resource: Resource) -> str:
    """How a resource is referred to; one without an id by its type alone."""
    kind, found = resource["resourceType"], resource.get("id")
    return kind if found is None else f"{kind}/{found}"


def medicine_of(resource: Resource, drugs: Mapping[str, Resource], known: Knowledge) -> Medicine:
    """The medicine that a resource is about; `drugs` are Medications by their reference."""
    if resource["resourceType"] == EXAMINATION:
        return _given_for(resource, known)
    concept: Resource | None = resource.get("medicationCodeableConcept")
    given: Resource = resource.get("medicationReference") or {}
    inside = list(codes_of(concept))
    parts: list[Code] = []
    drug = _drug(resource, given.get("reference", ""), drugs)
    if drug is not None:
        concept = drug.get("code")
        inside += codes_of(concept)
        for part in drug.get("ingredient", ()):
            parts += codes_of(part.get("itemCodeableConcept"))
    codes = frozenset(inside)
    ingredients = known.ingredients_of([*codes, *parts])
    shown = words_of(concept) or given.get("display") or _names(codes | set(parts), known)
    return Medicine(
        name=shown or "a medicine without a name",
        codes=codes,
        ingredients=ingredients,
        groups=known.groups_of([*ingredients, *codes]),
        reference=reference_to(resource),
        is_known=known.is_told_apart([*codes, *parts]),
    )


def _given_for(order: Resource, known: Knowledge) -> Medicine:
    """What is given for an examination, as a contrast medium: a detail of the order."""
    details = order.get("orderDetail", ())
    codes = frozenset(c for detail in details for c in codes_of(detail))
    groups = known.groups_of(codes)
    shown = next(filter(None, (words_of(d) for d in details if set(codes_of(d)) & codes)), None)
    return Medicine(
        name=shown or _names(codes, known),
        codes=codes,
        ingredients=codes,
        groups=groups,
        reference=reference_to(order),
        is_known=known.is_told_apart(codes),
    )


def _drug(resource: Resource, reference: str, drugs: Mapping[str, Resource]) -> Resource | None:
    if reference.startswith("#"):
        inside = (c for c in resource.get("contained", ()) if c.get("id") == reference[1:])
        return next(inside, None)
    return drugs.get(reference.partition("/_history/")[0])


def _names(codes: Iterable[Code], known: Knowledge) -> str:
    return " / ".join(sorted(known.names.get(c, c.code) for c in codes))
