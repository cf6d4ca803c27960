"""Segments of which a message has all that there are: what it doesn't name is no longer true.

HL7 v2.5.1, 2.10.4.1: in snapshot mode the segments of a message replace those before. A message
without any changes nothing; one with a single segment whose fields are all `""` deletes them all.
What such a segment makes has a tag, so that it is known later from which sender and segment it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping import identity
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.views import View
from hl7v2_gateway.partners.sender import Sender

TAG: Final = "urn:fhirserver:hl7v2:snapshot"

MAKES: Final[Mapping[str, str]] = {
    "AL1": "AllergyIntolerance",
    "DG1": "Condition",
    "IAM": "AllergyIntolerance",
    "IN1": "Coverage",
    "NK1": "RelatedPerson",
    "PR1": "Procedure",
}
"""The segments that may be complete, and what they make."""
_OF_VISIT: Final = frozenset({"DG1", "PR1"})
"""Of these a message has all of its visit; of others all of the patient."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A message has all of a patient's, or a visit's, resources of this type from a segment.

    `patient` and `visit` are searches; `ids` and `numbers` (system, value) tell which ones it has.
    """

    type: str
    tag: str
    patient: str
    visit: str | None
    ids: frozenset[str]
    numbers: frozenset[tuple[str, str]]

    def has(self, resource: Resource) -> bool:
        """Whether the message has a stored resource."""
        listed = resource.get("identifier", ())
        numbers = {(i.get("system", ""), i.get("value", "")) for i in listed}
        return resource["id"] in self.ids or not self.numbers.isdisjoint(numbers)


def is_void(view: View) -> bool:
    """Whether a segment deletes all of its kind: every field but its number is `""`."""
    said = [r for field in view.fields[2:] for r in field if r]
    return view.name in MAKES and bool(said) and all(_is_null(r.components) for r in said)


def _is_null(components: tuple[tuple[str, ...], ...]) -> bool:
    texts = {s for c in components for s in c if s}
    return texts == {'""'}


def clear(drafts: list[Draft], void: list[View]) -> None:
    """Take away what segments that delete all of their kind have put into other resources."""
    names = {v.name for v in void}
    for draft in drafts:
        if draft.type == "Patient" and not draft.is_linked and "NK1" in names:
            draft.cleared.add("contact")


def tag(drafts: list[Draft], sender: Sender) -> None:
    """Let what complete segments made say so."""
    for draft in drafts:
        segment = _segment(draft)
        if segment in sender.snapshots:
            meta = draft.resource.setdefault("meta", {})
            meta.setdefault("tag", []).append(_tag(sender, segment))


def snapshots(sender: Sender, views: list[View], drafts: list[Draft]) -> tuple[Snapshot, ...]:
    """What a message has all of."""
    patient = next((d for d in drafts if d.type == "Patient" and not d.is_linked), None)
    named = {v.name for v in views}
    if patient is None or len([v for v in views if v.name == "PID"]) != 1:
        return ()
    visit = next((d for d in drafts if d.type == "Encounter" and not d.is_linked), None)
    found = []
    for segment in sorted(sender.snapshots & named & MAKES.keys()):
        if segment in _OF_VISIT and visit is None:
            continue
        kept = [d for d in drafts if _segment(d) == segment]
        found.append(
            Snapshot(
                MAKES[segment],
                f"{TAG}|{_tag(sender, segment)['code']}",
                _search(patient),
                _search(visit) if visit is not None and segment in _OF_VISIT else None,
                frozenset(d.id for d in kept),
                frozenset(n for d in kept if (n := _number(d))),
            )
        )
    return tuple(found)


def _tag(sender: Sender, segment: str) -> dict[str, Any]:
    return {"system": TAG, "code": f"{sender.id}/{segment}"}


def _segment(draft: Draft) -> str:
    """The segment that a draft is of; empty when it is of none that may be complete."""
    if draft.is_linked or not draft.made:
        return ""
    segment = draft.made[0].position.partition("-")[0]
    return segment if MAKES.get(segment) == draft.type else ""


def _search(draft: Draft) -> str:
    return identity.search(draft) or f"_id={draft.id}"


def _number(draft: Draft) -> tuple[str, str] | None:
    if identity.search(draft) is None:
        return None
    found = identity.chosen(draft.type, draft.resource)
    return (found.get("system", ""), found["value"]) if found else None
