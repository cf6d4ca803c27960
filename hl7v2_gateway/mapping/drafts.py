"""Resources in the making, and the links between them.

A `Draft` is filled by many rows of many segments; where they meet in one item of a list, the item
is found by its slot: the list, the row's label, the segment and the repetition it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.paths import Path, Step

Slot = tuple[int, str, str, int, int]

# Lists in which several segments speak of one item: the order, its timing and its route make one
# dosage.
SHARED: Final = {
    "MedicationRequest": frozenset({"dosageInstruction"}),
    "MedicationDispense": frozenset({"dosageInstruction"}),
    "Specimen": frozenset({"container"}),
}


class Made(NamedTuple):
    """Which rule and which field made an element; `segment` is which one of the message.

    Each message makes dozens, and a tuple is made in a fraction of a dataclass's time.
    """

    path: str
    rule: str
    position: str
    segment: int = 0


@dataclass(slots=True, eq=False)
class Draft:
    """A resource in the making; `hints` are what its identity needs and FHIR has no place for."""

    type: str
    resource: Resource
    number: int
    slots: dict[Slot, Any] = field(default_factory=dict)
    said: dict[Slot, int] = field(default_factory=dict)
    """Which field put a whole item into a slot: another field's is another item."""
    made: list[Made] = field(default_factory=list)
    cleared: set[str] = field(default_factory=set)
    hints: dict[str, Any] = field(default_factory=dict)
    links: list[tuple[Resource, Draft]] = field(default_factory=list)
    referred: dict[int, list[Resource]] = field(default_factory=dict)
    """The references of `links`, by the numbers of whom they name: a report may have thousands."""
    is_linked: bool = False
    identity: str = ""
    search: str | None = None
    """The conditional search that finds it, once it has its identity; None where its id does."""
    id: str = ""

    def refer(self, to: Draft) -> Resource:
        """A reference from this resource, written when all identities are known."""
        found: Resource = {"reference": ""}
        self.links.append((found, to))
        self.referred.setdefault(to.number, []).append(found)
        return found


class Drafts:
    """All drafts of a conversion, in the order of their first mention."""

    def __init__(self) -> None:
        self.all: list[Draft] = []

    def new(self, resource_type: str, *, linked: bool = False) -> Draft:
        """An empty resource."""
        draft = Draft(
            resource_type, {"resourceType": resource_type}, len(self.all), is_linked=linked
        )
        self.all.append(draft)
        return draft

    def linked(self, resource_type: str, content: Resource) -> Draft:
        """A resource that another points to, with its `~` parts taken out of the content."""
        draft = self.new(resource_type, linked=True)
        self.fill(draft, content)
        return draft

    def fill(self, draft: Draft, content: Resource) -> None:
        """Put a data type map's result into a resource."""
        for key, value in content.items():
            if key == "~partOf":
                draft.resource["partOf"] = draft.refer(self.linked("Location", value))
            elif key == "~practitioner":
                draft.resource["practitioner"] = draft.refer(self.linked("Practitioner", value))
            elif key == "~location":
                draft.resource["location"] = [draft.refer(self.linked("Location", value))]
            elif key == "~name":
                _name(draft, value)
            elif key == "~degree":
                if draft.type == "Practitioner":
                    draft.resource["qualification"] = [{"code": value}]
                else:
                    _suffix(draft, value)
            elif key.startswith("~"):
                draft.hints[key[1:]] = value
            elif isinstance(value, list) and isinstance(draft.resource.get(key), list):
                draft.resource[key].extend(v for v in value if v not in draft.resource[key])
            elif isinstance(value, dict) and isinstance(draft.resource.get(key), dict):
                merge(draft.resource[key], value)
            else:
                draft.resource.setdefault(key, value)

    def put(
        self,
        draft: Draft,
        path: Path,
        value: Any,
        scope: int,
        repetition: int,
        *,
        default: bool,
        number: int = 0,
    ) -> None:
        """Set a field's value at a path; a `default` leaves alone what is there."""
        steps = path.steps
        if not steps:
            for one in value if isinstance(value, list) else [value]:
                self.fill(draft, one)
            return
        node = draft.resource
        for step in steps[:-1]:
            if step.link:
                draft, node = self._go(draft, node, step, scope, repetition)
            else:
                node = _item(draft, node, step, scope, repetition)
        last = steps[-1]
        if last.link:
            self._link(draft, node, last, value, scope, repetition)
        elif last.is_list:
            _append(draft, node, last, value, scope, repetition, number)
        elif isinstance(value, list):
            _set(node, last.name, value[0], default=default)
        else:
            _set(node, last.name, value, default=default)

    def point(self, draft: Draft, path: Path, to: Draft, scope: int) -> None:
        """Set a reference to another draft."""
        node = draft.resource
        for step in path.steps[:-1]:
            if step.link:
                draft, node = self._go(draft, node, step, scope, 0)
            else:
                node = _item(draft, node, step, scope, 0)
        last = path.steps[-1]
        if any(_holds(node.get(last.name), r) for r in draft.referred.get(to.number, ())):
            return
        if last.is_list:
            node.setdefault(last.name, []).append(draft.refer(to))
        else:
            node[last.name] = draft.refer(to)

    def _link(
        self, draft: Draft, node: Resource, step: Step, value: Any, scope: int, repetition: int
    ) -> None:
        for one in value if isinstance(value, list) else [value]:
            target, _ = self._go(draft, node, step, scope, repetition)
            self.fill(target, one)

    def _go(
        self, draft: Draft, node: Resource, step: Step, scope: int, repetition: int
    ) -> tuple[Draft, Resource]:
        """The resource behind a reference: that of the slot, or a new one."""
        slot = (id(node), step.name, step.label, scope, repetition if step.each else 0)
        found: Draft | None = draft.slots.get(slot)
        if found is None and not step.is_list and step.name in node:
            found = next((d for r, d in draft.links if r is node[step.name]), None)
        if found is None or found.type != step.link:
            found = self.new(step.link, linked=True)
            reference = draft.refer(found)
            if step.is_list:
                node.setdefault(step.name, []).append(reference)
            else:
                node[step.name] = reference
            draft.slots[slot] = found
        return found, found.resource


def _holds(value: Any, reference: Resource) -> bool:
    return value is reference or (isinstance(value, list) and any(v is reference for v in value))


def _item(draft: Draft, node: Resource, step: Step, scope: int, repetition: int) -> Resource:
    """The object to go on in."""
    if not step.is_list:
        found = node.get(step.name)
        if not isinstance(found, dict):
            found = node[step.name] = {}
        return found
    shared = node is draft.resource and step.name in SHARED.get(draft.type, ())
    at = draft.hints.get("dosage", 0) if shared else 0
    label = f"{step.label}@{at}" if at else step.label
    slot = (id(node), step.name, label, 0 if shared else scope, repetition if step.each else 0)
    item: Any = draft.slots.get(slot)
    if isinstance(item, Draft):
        # The item is a reference: what is said here belongs to the reference itself.
        return next((r for r, d in draft.links if d is item), {})
    if item is None:
        items = node.setdefault(step.name, [])
        inside = node is not draft.resource and not step.label
        open_list = shared or (inside and not (step.each and repetition))
        if open_list and len(items) > at and isinstance(items[at], dict):
            # An item that a data type map made (type.coding of an Identifier).
            item = items[at]
        else:
            item = {"url": step.url} if step.url else {}
            items.append(item)
        draft.slots[slot] = item
    result: Resource = item
    return result


def _append(
    draft: Draft,
    node: Resource,
    step: Step,
    value: Any,
    scope: int,
    repetition: int,
    number: int,
) -> None:
    items = node.setdefault(step.name, [])
    for n, one in enumerate(value if isinstance(value, list) else [value]):
        if not isinstance(one, dict):
            if one not in items:
                items.append(one)
            continue
        slot = (id(node), step.name, step.label, scope, repetition if step.each else 0)
        there = draft.slots.get(slot) if n == 0 else None
        if there is not None and (step.label or draft.said.get(slot, number) == number):
            # The rows of one field, or of one label, make one item together.
            merge(there, one)
            continue
        items.append(one)
        draft.slots[slot] = one
        draft.said[slot] = number


def _set(node: Resource, name: str, value: Any, *, default: bool) -> None:
    there = node.get(name)
    if isinstance(there, dict) and isinstance(value, dict):
        merge(there, value)
    elif there is None or not default:
        node[name] = value


def merge(there: Resource, more: Resource) -> None:
    """Add the parts of one object to another; what is there stays."""
    for key, value in more.items():
        if isinstance(there.get(key), dict) and isinstance(value, dict):
            merge(there[key], value)
        else:
            there.setdefault(key, value)


def _name(draft: Draft, name: str) -> None:
    if not name:
        return
    if draft.type == "Device":
        draft.resource["deviceName"] = [{"name": name, "type": "user-friendly-name"}]
    else:
        draft.resource.setdefault("name", name)


def _suffix(draft: Draft, degree: Resource) -> None:
    """A degree of somebody who is no Practitioner stands behind the name (XCN[RelatedPerson])."""
    for name in draft.resource.get("name", ()):
        if isinstance(name, dict):
            coding = degree.get("coding", [{}])[0]
            text = coding.get("code") or coding.get("display")
            if text and text not in name.setdefault("suffix", []):
                name["suffix"].append(text)
            return
