"""The values that a patch gives: of a datatype, a resource, or put together from parts.

https://hl7.org/fhir/R4/fhirpatch.html#concept
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhirserver.errors import Unprocessable
from fhirserver.model import definitions
from fhirserver.model.definitions import Property
from fhirserver.model.resource import Resource

Pair = tuple[Any, Any]
"""A value and its sibling."""


@dataclass(frozen=True, slots=True)
class Given:
    """A part of a patch that has a value; `type` is None for parts and resources."""

    part: Resource

    @property
    def type(self) -> str | None:
        found = self._property
        return None if found is None else found.type_code

    @property
    def _property(self) -> Property | None:
        known = definitions.load().properties("Parameters.parameter")
        keys = (k.removeprefix("_") for k in self.part)
        return next((known[k] for k in keys if k.startswith("value") and k in known), None)

    @property
    def is_something(self) -> bool:
        return self._property is not None or bool(self.part.get("part") or self._resource)

    @property
    def _resource(self) -> Any:
        return self.part.get("resource")

    @property
    def simple(self) -> Any:
        """The value, where it has to be one of a datatype."""
        found = self._property
        return None if found is None else self.part.get(found.name)

    def as_property(self, target: Property) -> Pair:
        """The value for an element, with its sibling."""
        found = self._property
        if found is not None:
            return self.part.get(found.name), self.part.get(f"_{found.name}")
        if self._resource is not None:
            return self._resource, None
        return self._assembled(target.target_path), None

    def _assembled(self, type_: str) -> Resource:
        """An element without a name of its own, such as Patient.contact, from its parts."""
        made: Resource = {}
        for part in self.part.get("part", ()):
            given = Given(part)
            target = property_of(type_, part["name"], given)
            value, extra = given.as_property(target)
            for key, item in ((target.name, value), (f"_{target.name}", extra)):
                if target.is_list and (item is not None or key in made):
                    made.setdefault(key, []).append(item)
                elif item is not None:
                    made[key] = item
        return made


def property_of(type_: str, name: str, given: Given) -> Property:
    """The property of an element's name; of a choice of types, the one of the value's type.

    Raises Unprocessable when there is none.
    """
    known = definitions.load()
    found = known.property(type_, name)
    if found is not None:
        return found
    choices = known.element_type(type_, name.removesuffix("[x]"))
    for choice in choices:
        if choice.type_code == given.type:
            return choice
    if choices:
        few = ", ".join(c.type_code for c in choices[:6]) + (", ..." if len(choices) > 6 else "")
        raise Unprocessable(f"takes a value of one of the types {few}")
    raise Unprocessable(f"names an element that {type_} doesn't have")
