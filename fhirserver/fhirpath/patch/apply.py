"""Carrying out the operations of a FHIRPath Patch one after the other.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid, Unprocessable
from fhirserver.fhirpath.ast import Member
from fhirserver.fhirpath.compiler import compile as compiled
from fhirserver.fhirpath.env import Env
from fhirserver.fhirpath.nodes import Typed
from fhirserver.fhirpath.parser import parse
from fhirserver.fhirpath.patch.given import Given, property_of
from fhirserver.fhirpath.patch.tree import Place, Tree
from fhirserver.model import definitions
from fhirserver.model.definitions import Property
from fhirserver.model.resource import Resource
from fhirserver.registry import Registry

MAX_OPERATIONS: Final = 1_000
MAX_STEPS: Final = 3_000_000
"""Items that the loops of all paths together may look at; about two seconds."""
MAX_SECONDS: Final = 10.0
"""How long all paths together may take."""

_QUOTED: Final = re.compile(r"('(?:[^'\\]|\\.)*'|`[^`]*`)", re.DOTALL)
_DIV: Final = re.compile(r"\.\s*div\b")
_LAST_STEP: Final = re.compile(r"\s*\.\s*(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]*`)\s*\Z")


def apply(resource: Resource, parameters: Any) -> Resource:
    """The resource after all operations; neither argument is changed.

    Raises Invalid for a patch that is none, and Unprocessable for an operation that can't be done
    on this resource. Both say which operation it was.
    """
    if not isinstance(parameters, dict) or parameters.get("resourceType") != "Parameters":
        raise Invalid("a FHIRPath Patch must be a Parameters resource")
    given = parameters.get("parameter", [])
    if not isinstance(given, list):
        raise Invalid("the parameters must be a list", expression="Parameters.parameter")
    if len(given) > MAX_OPERATIONS:
        raise Invalid(f"a FHIRPath Patch must not have more than {MAX_OPERATIONS} operations")
    tree = Tree(resource)
    steps = MAX_STEPS // max(len(given), 1)
    limits = Env(max_steps=steps, deadline=time.monotonic() + MAX_SECONDS)
    for number, parameter in enumerate(given):
        operation = _Operation(tree, parameter, number, limits)
        try:
            operation.act()
        except FhirError as error:
            where = f"operation {number} of the FHIRPath Patch ({operation.name})"
            text = error.issues[0].text.removeprefix("FHIRPath: ")
            place = f"Parameters.parameter[{number}]"
            raise type(error)(f"{where}: {text}", expression=place) from error
    return tree.resource()


Act = Callable[["_Operation"], None]
operations: Registry[Act] = Registry("FHIRPath Patch operation")


@dataclass(frozen=True, slots=True)
class _Target:
    """A list that an operation is about."""

    owner: Resource
    owner_type: str
    key: str
    length: int


class _Operation:
    """One operation, its parts, and what its path selects."""

    def __init__(self, tree: Tree, parameter: Any, number: int, limits: Env) -> None:
        self.tree = tree
        self.name = "unknown"
        self._parameter = parameter
        self._limits = limits
        self._parts: dict[str, Given] = {}

    def act(self) -> None:
        self._read()
        kind = self.simple("type", str)
        if kind not in operations:
            raise Invalid(f"its type must be one of {', '.join(operations)}")
        self.name = kind
        operations[kind](self)

    def _read(self) -> None:
        parameter = self._parameter
        parts = parameter.get("part") if isinstance(parameter, dict) else None
        if not isinstance(parts, list) or parameter.get("name") != "operation":
            raise Invalid("each parameter must be an operation with parts")
        for part in parts:
            name = part.get("name") if isinstance(part, dict) else None
            if not isinstance(name, str) or name in self._parts:
                raise Invalid("each part needs a name of its own")
            self._parts[name] = Given(part)

    def simple(self, name: str, type_: type) -> Any:
        """A part's value, which must be a text or a number."""
        value = self._parts[name].simple if name in self._parts else None
        if type(value) is not type_:
            kind = "a whole number" if type_ is int else "a text"
            raise Invalid(f"needs a part '{name}' with {kind}")
        return value

    @property
    def value(self) -> Given:
        found = self._parts.get("value")
        if found is None or not found.is_something:
            raise Invalid("needs a part 'value' with a value")
        return found

    @property
    def path(self) -> str:
        found: str = self.simple("path", str)
        return found

    def selected(self, path: str | None = None) -> list[Typed]:
        """What the path selects."""
        root = self.tree.root
        evaluate = compiled(_with_names(path or self.path), root["resourceType"])
        return evaluate(root, self._limits)

    def only(self) -> Typed:
        """The one element that the path selects."""
        nodes = self.selected()
        if len(nodes) != 1:
            raise Unprocessable(
                "its path selects several elements" if nodes else "its path selects nothing"
            )
        return nodes[0]

    def place(self, node: Typed) -> Place:
        found = self.tree.place(node)
        if found is None:
            raise Unprocessable("its path must select an element inside of the resource")
        return found

    def list(self) -> _Target:
        """The list whose elements the path selects."""
        nodes = self.selected()
        if not nodes:
            return self._absent_list()
        places = [self.place(n) for n in nodes]
        first = places[0]
        if not all(p.owner is first.owner and p.key == first.key for p in places):
            raise Unprocessable("its path selects elements of several lists")
        if not first.is_list:
            raise Unprocessable("its path selects an element that doesn't repeat")
        if len(first.owner[first.key]) != len(places):
            raise Unprocessable("its path must select the whole list")
        return _Target(first.owner, first.owner_type, first.key, len(places))

    def _absent_list(self) -> _Target:
        """The same for a list with nothing in it: its owner is what the path's start selects."""
        path = _with_names(self.path)
        owners: list[Typed] = []
        tree = parse(path)
        step = _LAST_STEP.search(path)
        if isinstance(tree, Member) and tree.source is not None and step is not None:
            owners = self.selected(path[: step.start()])
        if len(owners) != 1 or not isinstance(tree, Member):
            raise Unprocessable("its path selects nothing")
        (owner,) = owners
        target = property_of(owner[0], tree.name, self.value)
        if not target.is_list:
            raise Unprocessable("its path selects an element that doesn't repeat")
        return _Target(self.tree.inside(owner), owner[0], target.name, 0)

    def index(self, name: str, most: int) -> int:
        """A part's index, counted from 0."""
        found: int = self.simple(name, int)
        if not 0 <= found <= most:
            raise Unprocessable(f"its {name} lies outside of the list")
        return found


def _with_names(path: str) -> str:
    """`Patient.text.div` as everybody writes it, although `div` is an operator in FHIRPath."""
    parts = _QUOTED.split(path)
    parts[::2] = [_DIV.sub(".`div`", part) for part in parts[::2]]
    return "".join(parts)


@operations.register("add")
def _add(operation: _Operation) -> None:
    node = operation.only()
    owner = operation.tree.inside(node)
    if not isinstance(owner, dict):
        raise Unprocessable("its path selects nothing that could have elements")
    owner_type = node[0]
    target = property_of(owner_type, operation.simple("name", str), operation.value)
    at = len(owner.get(target.name, ())) if target.is_list else None
    if at is None and _is_there(owner, owner_type, target):
        raise Unprocessable("the element is there already, and it doesn't repeat")
    value, extra = operation.value.as_property(target)
    operation.tree.put(owner, owner_type, target.name, value, extra, at)


def _is_there(owner: Resource, owner_type: str, target: Property) -> bool:
    """Whether the element has a value, of whatever type."""
    same = definitions.load().element_type(owner_type, target.element.name)
    return any(name in owner for p in same for name in (p.name, f"_{p.name}"))


@operations.register("insert")
def _insert(operation: _Operation) -> None:
    into = operation.list()
    at = operation.index("index", into.length)
    target = property_of(into.owner_type, into.key, operation.value)
    value, extra = operation.value.as_property(target)
    operation.tree.put(into.owner, into.owner_type, into.key, value, extra, at)


@operations.register("delete")
def _delete(operation: _Operation) -> None:
    nodes = operation.selected()
    if len(nodes) > 1:
        raise Unprocessable("its path selects several elements")
    for node in nodes:
        operation.tree.take(operation.place(node))


@operations.register("replace")
def _replace(operation: _Operation) -> None:
    place = operation.place(operation.only())
    name = place.key
    found = property_of(place.owner_type, name, operation.value)
    if found.element.is_choice:
        # Another type of value has another property.
        found = property_of(place.owner_type, found.element.name, operation.value)
    value, extra = operation.value.as_property(found)
    at = place.index if place.is_list else None
    operation.tree.take(place)
    operation.tree.put(place.owner, place.owner_type, found.name, value, extra, at)


@operations.register("move")
def _move(operation: _Operation) -> None:
    among = operation.list()
    source = operation.index("source", among.length - 1)
    destination = operation.index("destination", among.length - 1)
    for name in (among.key, f"_{among.key}"):
        if name in among.owner:
            items = among.owner[name]
            items.insert(destination, items.pop(source))
