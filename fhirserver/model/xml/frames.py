"""The elements that are open while XML is read, from the root to where the reader stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from fhirserver.model.xml.shapes import Kind, Slot, slots

_ROOT: Final = Slot("", "", "resource", 0, False, False, "Resource", "Resource")
_NONE: Final[Mapping[str, Slot]] = {}


class Frame:
    """An open element; `value` is its object, for a primitive the one with its extensions.

    For a `resource` the object has the resource that is inside under an empty name. `is_spoilt`
    says that something in it was passed over, about which an issue has been told.
    """

    __slots__ = (
        "attributes", "has_text", "is_spoilt", "kind", "order", "parent", "primitive", "shown",
        "slot", "slots", "type", "value",
    )  # fmt: skip

    def __init__(self, slot: Slot, parent: Frame | None) -> None:
        self.slot = slot
        self.parent = parent
        self.kind: Kind = slot.kind
        self.type = slot.type
        self.value: dict[str, Any] = {}
        self.primitive: Any = None
        self.order = -1
        self.is_spoilt = False
        self.has_text = False
        self.shown = slot.path
        if slot.kind == "complex":
            self.slots: Mapping[str, Slot] = slots(slot.path)
            self.attributes = _attributes(slot.path)
        elif slot.kind == "primitive":
            self.slots = slots("Element")
            self.attributes = _NONE if slot.is_attribute else _attributes("Element")
        else:
            self.slots = self.attributes = _NONE

    @classmethod
    def of_resource(cls, name: str, parent: Frame) -> Frame:
        """The frame of a resource's own element."""
        frame = cls(_resource_slot(name), parent)
        frame.value["resourceType"] = name
        return frame

    def has(self, slot: Slot) -> bool:
        """Whether an element that doesn't repeat is there already."""
        return slot.key in self.value or f"_{slot.key}" in self.value

    def is_empty(self) -> bool:
        """Whether nothing was in the element, which FHIR never allows."""
        return not self.value and self.primitive is None

    def close(self) -> None:
        """Put what the element held into the one around it."""
        assert self.parent is not None
        into, slot = self.parent.value, self.slot
        if self.kind == "primitive":
            if slot.is_list:
                self._append(into, slot.key, self.primitive)
                return
            if self.primitive is not None:
                into[slot.key] = self.primitive
            if self.value:
                into[f"_{slot.key}"] = self.value
            return
        value = self.value[""] if self.kind == "resource" else self.value
        if slot.is_list:
            into.setdefault(slot.key, []).append(value)
        else:
            into[slot.key] = value

    def _append(self, into: dict[str, Any], key: str, value: Any) -> None:
        """Two lists of the same length, where either is only there if it has something.

        https://hl7.org/fhir/R4/json.html#primitive
        """
        count = len(into.get(key) or into.get(f"_{key}") or ())
        for name, item in ((key, value), (f"_{key}", self.value or None)):
            items = into.get(name)
            if items is not None:
                items.append(item)
            elif item is not None:
                into[name] = [*[None] * count, item]

    def path(self) -> str:
        """Where this is, such as `Patient.name[1].given[0]`."""
        steps: list[str] = []
        frame: Frame | None = self
        while frame is not None and frame.parent is not None:
            steps.append(frame.step())
            # The resource inside an element that holds one has no step of its own.
            frame = frame.parent
        return ".".join(s for s in reversed(steps) if s)

    def step(self) -> str:
        """The last step of the path."""
        slot = self.slot
        assert self.parent is not None
        if slot.key == "":
            return self.type if self.parent.parent is None else ""
        if not slot.is_list:
            return slot.name
        siblings = self.parent.value
        return f"{slot.name}[{len(siblings.get(slot.key) or siblings.get('_' + slot.key) or ())}]"


@cache
def _attributes(path: str) -> Mapping[str, Slot]:
    return {name: slot for name, slot in slots(path).items() if slot.is_attribute}


@cache
def _resource_slot(name: str) -> Slot:
    return Slot("", "", "complex", 0, False, False, name, name)


def root_frame() -> Frame:
    """What is around the document's element."""
    return Frame(_ROOT, None)
