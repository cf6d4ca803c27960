"""Building a resource element by element, each named by its id in a profile.

`Patient.name.given` and `Patient.name.family` go into the same name, and into another in the
next repetition of the group that is about a name.

http://hl7.org/fhir/uv/sdc/extraction.html#definition-based-extraction
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fhirserver.errors import Invalid
from fhirserver.forms.fixed import Shape
from fhirserver.forms.taking import taken
from fhirserver.model import definitions
from fhirserver.model.definitions import Property
from fhirserver.model.resource import Resource


@dataclass(slots=True)
class Place:
    """An element that is being built: its id, its JSON object, and the path of its type.

    `inside` are the elements below that what comes next goes into, by id.
    """

    id: str
    value: Resource
    path: str
    inside: dict[str, Place] = field(default_factory=dict)

    def again(self) -> Place:
        """The same element, for a repetition: lists inside go on with new elements."""
        return Place(self.id, self.value, self.path)


@dataclass(slots=True)
class Building:
    """One resource; `base` is what it is now, if it is there already."""

    shape: Shape
    base: Resource | None = None
    root: Place = field(init=False)
    _seen: dict[tuple[int, str], int] = field(default_factory=dict)
    _answered: set[tuple[int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        made = copy.deepcopy(self.base) if self.base else {"resourceType": self.shape.type}
        self.root = Place(self.shape.type, made, self.shape.type)
        if not self.base:
            made |= copy.deepcopy(self.shape.fixed(self.shape.type) or {})

    @property
    def resource(self) -> Resource:
        return self.root.value

    def prune(self) -> None:
        """Take out what stayed empty."""
        _prune(self.root.value)

    def open(self, place: Place, id_: str) -> Place:
        """The element with an id at or below a place, a new one if it repeats."""
        above, _, last = _rest(place, id_).rpartition(".")
        holder = self._down(place, f"{place.id}.{above}") if above else place
        return self._step(holder, last)

    def put(
        self,
        place: Place,
        id_: str,
        values: Sequence[tuple[str, Any]],
        unit: Resource,
        *,
        is_answer: bool = False,
    ) -> None:
        """Set an element from typed values; raises Invalid when it doesn't take them.

        A second answer never takes the place of one: it goes into another element of the list
        around it, as a second phone number does.
        """
        above, _, last = _rest(place, id_).rpartition(".")
        holder = self._down(place, f"{place.id}.{above}") if above else place
        properties = _properties(holder.path, last, id_)
        found = [taken(properties, kind, value, unit) for kind, value in values]
        if None in found:
            raise Invalid(f"{id_} takes no value of the type {values[found.index(None)][0]}")
        made = [f for f in found if f is not None]
        if not made:
            return
        name = made[0][0]
        if properties[0].is_list:
            self._append(holder, name, [v for _, v in made])
            return
        if len(made) > 1:
            raise Invalid(f"{id_} has one value, and the question {len(made)} answers")
        if (id(holder.value), properties[0].element.name) in self._answered:
            another = self._another(place, above) if above and is_answer else None
            if another is None:
                raise Invalid(f"{id_} has been answered by another question")
            holder = another
        if is_answer:
            self._answered.add((id(holder.value), properties[0].element.name))
        for other in properties:
            holder.value.pop(other.name, None)
        holder.value[name] = copy.deepcopy(made[0][1])

    def _another(self, place: Place, above: str) -> Place | None:
        """The place below, with a new element of the nearest list on the way; None: no list."""
        places = [place]
        steps = above.split(".")
        for last in steps:
            places.append(self._down(places[-1], f"{places[-1].id}.{last}"))
        for holder, last in reversed(list(zip(places, steps, strict=False))):
            key = f"{holder.id}.{last}"
            if _properties(holder.path, last, key)[0].is_list:
                holder.inside[key] = self._step(holder, last)
                return self._down(place, f"{place.id}.{above}")
        return None

    def _append(self, holder: Place, name: str, values: list[Any]) -> None:
        # What is there from before gives way to what the form says.
        key = (id(holder.value), name)
        if key not in self._seen:
            holder.value[name] = []
        self._seen[key] = self._seen.get(key, 0) + len(values)
        holder.value[name] += copy.deepcopy(values)

    def _down(self, place: Place, id_: str) -> Place:
        """The element with this id below a place, the one in use if there is one."""
        for last in _rest(place, id_).split("."):
            key = f"{place.id}.{last}"
            if key not in place.inside:
                place.inside[key] = self._step(place, last)
            place = place.inside[key]
        return place

    def _step(self, holder: Place, last: str) -> Place:
        """One element further down: a new one of a list, or the only one."""
        id_ = f"{holder.id}.{last}"
        properties = _properties(holder.path, last, id_)
        there = [p for p in properties if p.name in holder.value]
        found = there[0] if there else _chosen(properties, last, id_)
        if found.type_code in definitions.load().primitives:
            raise Invalid(f"{id_} is a value and has nothing inside")
        fixed = copy.deepcopy(self.shape.fixed(id_))
        fixed = fixed if isinstance(fixed, dict) else {}
        if not found.is_list:
            made = holder.value.setdefault(found.name, fixed)
        else:
            made = self._element(holder, found.name, fixed, is_slice=":" in last)
        return Place(id_, made, found.target_path)

    def _element(self, holder: Place, name: str, fixed: Resource, *, is_slice: bool) -> Resource:
        """The next element of a list: what the resource has at this place, else a new one."""
        there: list[Resource] = holder.value.setdefault(name, [])
        if is_slice:
            same = (e for e in there if fixed and fixed.items() <= e.items())
            made = next(same, None) if self.base else None
        else:
            number = self._seen.get((id(holder.value), name), 0)
            self._seen[id(holder.value), name] = number + 1
            made = there[number] if number < len(there) else None
        if made is None:
            made = fixed
            there.append(made)
        return made


def _rest(place: Place, id_: str) -> str:
    if not id_.startswith(f"{place.id}."):
        raise Invalid(f"{id_} isn't inside {place.id}")
    return id_.removeprefix(f"{place.id}.")


def _properties(path: str, last: str, id_: str) -> tuple[Property, ...]:
    """What a step of an id may be: `value[x]` is any of a choice, `value[x]:valueString` one."""
    name, _, slice_name = last.partition(":")
    found = definitions.load().element_type(path, name.removesuffix("[x]"))
    if name.endswith("[x]") and slice_name:
        found = tuple(p for p in found if p.name == slice_name) or found
    if not found:
        raise Invalid(f"there is no element {id_}")
    return found


def _chosen(properties: Sequence[Property], last: str, id_: str) -> Property:
    if len(properties) > 1:
        raise Invalid(f"{id_} may be of several types: name one, as in {last}:valueQuantity")
    return properties[0]


def _prune(value: Any) -> None:
    inside = value if isinstance(value, dict) else dict(enumerate(value))
    empty = []
    for key, one in inside.items():
        if isinstance(one, dict | list):
            _prune(one)
            if not one:
                empty.append(key)
    for key in reversed(empty):
        del value[key]
