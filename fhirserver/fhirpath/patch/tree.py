"""A copy of a resource in which every element can be found again, so that it can be changed.

FHIRPath yields values: which of a patient's two names an `"Ada"` came from can't be told from the
string. So each primitive of the copy gets a sibling object (`_given`), even where it has neither id
nor extensions; FHIRPath hands that on with the value, and which object it is tells the place.

https://hl7.org/fhir/R4/json.html#primitive
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhirserver.fhirpath import schema
from fhirserver.fhirpath.nodes import Typed
from fhirserver.model import definitions
from fhirserver.model.resource import Resource


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element is: under `key` of `owner`, an object of the type or path `owner_type`.

    `item` is the object itself; a primitive's is its sibling.
    """

    owner: Resource
    owner_type: str
    key: str
    item: Resource

    @property
    def is_list(self) -> bool:
        return isinstance(self.owner.get(self._holder), list)

    @property
    def index(self) -> int:
        """Its index in its list."""
        return next(i for i, e in enumerate(self.owner[self._holder]) if e is self.item)

    @property
    def _holder(self) -> str:
        sibling = f"_{self.key}"
        return sibling if sibling in self.owner else self.key


class Tree:
    """The copy; `root` is what expressions are evaluated on."""

    def __init__(self, resource: Resource) -> None:
        # The object is kept with its place, so that its identity isn't given to another.
        self._places: dict[int, Place] = {}
        self.root: Resource = self._object(resource, resource["resourceType"])

    def place(self, node: Typed) -> Place | None:
        """Where a node is; None for the root, and for what an expression computed."""
        return self._places.get(id(self.inside(node)))

    def inside(self, node: Typed) -> Any:
        """The object with what is inside of a node: for a primitive, its id and extensions."""
        type_, value, extra = node
        return extra if schema.is_primitive(type_) else value

    def put(
        self, owner: Resource, owner_type: str, key: str, value: Any, extra: Any, at: int | None
    ) -> None:
        """Put a value where none is: into a list at an index, or alone with None."""
        made, sibling = self._value(owner, owner_type, key, value, extra)
        items = {key: made} if sibling is None else {key: made, f"_{key}": sibling}
        for name, item in items.items():
            if at is not None:
                owner.setdefault(name, []).insert(at, item)
            elif item is not None:
                owner[name] = item

    def take(self, place: Place) -> tuple[Any, Any]:
        """Take an element out, and give it with its sibling."""
        owner, names = place.owner, (place.key, f"_{place.key}")
        if not place.is_list:
            value, extra = (owner.pop(name, None) for name in names)
            return value, extra
        at = place.index
        value, extra = (owner[name].pop(at) if name in owner else None for name in names)
        for name in names:
            if owner.get(name) == []:
                del owner[name]
        return value, extra

    def resource(self) -> Resource:
        """The resource as it is now, without what was added to find places."""
        plain: Resource = _plain(self.root)
        return plain

    def _object(self, value: Resource, type_: str) -> Resource:
        made: Resource = {}
        for name in dict.fromkeys(key.removeprefix("_") for key in value):
            item, extra = value.get(name), value.get(f"_{name}")
            if name == "resourceType":
                made[name] = item
            elif isinstance(item, list) or isinstance(extra, list):
                for at, (one, sibling) in enumerate(_pairs(item or [], extra or [])):
                    self.put(made, type_, name, one, sibling, at)
            else:
                self.put(made, type_, name, item, extra, None)
        return made

    def _value(
        self, owner: Resource, owner_type: str, key: str, value: Any, extra: Any
    ) -> tuple[Any, Resource | None]:
        if isinstance(value, dict):
            inside = value.get("resourceType") or _type(owner_type, key)
            made = self._object(value, inside)
            self._places[id(made)] = Place(owner, owner_type, key, made)
            return made, None
        sibling = self._object(extra or {}, "Element")
        self._places[id(sibling)] = Place(owner, owner_type, key, sibling)
        return value, sibling


def _type(owner_type: str, key: str) -> str:
    """What is inside an element; of what the definitions don't know, nothing is known."""
    found = definitions.load().property(owner_type, key)
    return "Element" if found is None else found.target_path


def _pairs(values: Sequence[Any], extras: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for at in range(max(len(values), len(extras))):
        yield (
            values[at] if at < len(values) else None,
            extras[at] if at < len(extras) else None,
        )


def _plain(value: Any) -> Any:
    """Without empty objects and lists: siblings that say nothing, elements that lost all."""
    if not isinstance(value, dict):
        return value
    found: Resource = {}
    for key, item in value.items():
        if not isinstance(item, list):
            plain = _plain(item)
        elif key.startswith("_"):
            # Nulls keep siblings beside their values.
            plain = [_plain(i) or None for i in item]
        elif any(isinstance(i, dict) for i in item):
            plain = [p for i in item if (p := _plain(i))]
        else:
            plain = item
        is_nothing = isinstance(plain, list) and all(i is None for i in plain)
        if plain is not None and plain != {} and not is_nothing:
            found[key] = plain
    return found
