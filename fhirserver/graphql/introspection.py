"""Answers questions about the schema: `__schema` and `__type`.

Parts of the schema that are selected alike are written once, however often they are met.
https://spec.graphql.org/October2021/#sec-Introspection
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql.language import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)

from fhirserver.errors import NotSupported, TooCostly
from fhirserver.graphql import arguments
from fhirserver.graphql.budget import Budget
from fhirserver.graphql.catalogue import Catalogue, Node
from fhirserver.graphql.documents import Document
from fhirserver.graphql.mistakes import short, wrong
from fhirserver.model import json
from fhirserver.search.parameters import Parameters

LONGEST: Final = 40_000_000
"""Bytes of an answer; that to a usual tool's question has about 20 million."""

_MOST_WRITTEN: Final = 4 * LONGEST
"""Bytes of all parts, of which each is in those around it again."""
_SHORT: Final = 4_000
"""Bytes of what is kept to be used again: fields, arguments, names of types."""

_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "__Root": frozenset({"__schema", "__type"}),
    "__Schema": frozenset(
        {"description", "types", "queryType", "mutationType", "subscriptionType", "directives"}
    ),
    "__Type": frozenset(
        {
            "kind",
            "name",
            "description",
            "specifiedByURL",
            "fields",
            "interfaces",
            "possibleTypes",
            "enumValues",
            "inputFields",
            "ofType",
            "isOneOf",
        }
    ),
    "__Field": frozenset(
        {"name", "description", "args", "type", "isDeprecated", "deprecationReason"}
    ),
    "__InputValue": frozenset(
        {"name", "description", "type", "defaultValue", "isDeprecated", "deprecationReason"}
    ),
    "__EnumValue": frozenset({"name", "description", "isDeprecated", "deprecationReason"}),
    "__Directive": frozenset({"name", "description", "locations", "args", "isRepeatable"}),
}
_OBJECTS: Final = frozenset(
    {
        *("__schema", "__type", "types", "queryType", "mutationType", "subscriptionType"),
        *("directives", "fields", "interfaces", "possibleTypes", "enumValues", "inputFields"),
        *("ofType", "args", "type"),
    }
)
_DEPRECATED: Final = frozenset({"fields", "args", "enumValues", "inputFields"})

Sets = tuple[SelectionSetNode, ...]
_Wanted = dict[str, tuple[FieldNode, Sets]]


def is_about_schema(document: Document) -> bool:
    """Whether a query asks about the schema rather than about resources."""
    made = _Answer(document, None, 1)
    wanted = made.wanted(made.root, None)
    return any(node.name.value in _FIELDS["__Root"] for node, _ in wanted.values())


def answered(
    document: Document, parameters: Parameters, root: str | None, budget: Budget, max_depth: int
) -> bytes:
    """The data of the answer as JSON; `root` is a resource type, None for the whole server."""
    made = _Answer(document, budget, max_depth)
    catalogue = Catalogue(parameters, root)
    for number, (key, (node, below)) in enumerate(made.wanted(made.root, "__Root").items()):
        made.out += (b"," if number else b"{") + json.dump(key) + b":"
        if node.name.value == "__type":
            name = arguments.values(node.arguments, document.variables).get("name")
            if not isinstance(name, str):
                raise wrong("__type needs a name", node)
            made.out += made.written(catalogue.types.get(name), below, 2)
        else:
            made.write_schema(catalogue.schema, below)
    return bytes(made.out + b"}")


class _Answer:
    def __init__(self, document: Document, budget: Budget | None, max_depth: int) -> None:
        self._document = document
        self._budget = budget
        self._max_depth = max_depth
        self._wanted: dict[tuple[tuple[int, ...], str], _Wanted] = {}
        self._texts: dict[tuple[int, tuple[int, ...]], bytes] = {}
        self._length = 0
        self.root: Sets = (document.operation.selection_set,)
        self.out = bytearray()

    def wanted(self, sets: Sets, kind: str | None) -> _Wanted:
        """The fields that are selected, merged; of any kind of thing when that isn't said."""
        key = tuple(map(id, sets)), kind or ""
        found = self._wanted.get(key)
        if found is None:
            found = self._wanted[key] = {}
            seen: set[str] = set()
            for one in sets:
                self._collect(one, kind, found, seen)
        return found

    def _collect(
        self, sets: SelectionSetNode, kind: str | None, found: _Wanted, seen: set[str]
    ) -> None:
        variables = self._document.variables
        for node in sets.selections:
            if self._budget is not None:
                self._budget.spend()
            if not arguments.is_included(node.directives or (), variables):
                continue
            match node:
                case FieldNode():
                    below = () if node.selection_set is None else (node.selection_set,)
                    if kind is not None:
                        _check(node, kind)
                    key = node.alias.value if node.alias else node.name.value
                    first, other = found.get(key, (node, ()))
                    if first.name.value != node.name.value:
                        raise wrong(f"{short(key)} is the name of two different fields", node)
                    found[key] = first, other + below
                case InlineFragmentNode():
                    self._collect(node.selection_set, kind, found, seen)
                case FragmentSpreadNode():
                    name = node.name.value
                    if name not in self._document.fragments:
                        raise wrong(f"there is no fragment {short(name)}", node)
                    if name not in seen:
                        seen.add(name)
                        self._collect(
                            self._document.fragments[name].selection_set, kind, found, seen
                        )

    def write_schema(self, schema: Node, sets: Sets) -> None:
        """The schema, a type at a time: as a whole it would be held in memory several times."""
        for number, (key, (asked, below)) in enumerate(self.wanted(sets, schema.kind).items()):
            self.out += (b"," if number else b"{") + json.dump(key) + b":"
            if asked.name.value != "types":
                self.out += self._named(schema, asked, below, 3)
                continue
            for place, one in enumerate(schema.value("types")):
                self.out += (b"," if place else b"[") + self.written(one, below, 3)
                if len(self.out) > LONGEST:
                    raise _too_long()
            self.out += b"]"
        self.out += b"}"

    def written(self, value: Any, sets: Sets, depth: int) -> bytes:
        """A value of the schema as JSON, with what is selected of it."""
        if depth > self._max_depth + 1:
            raise TooCostly(f"the query is nested deeper than {self._max_depth} levels of fields")
        if isinstance(value, list):
            return b"[" + b",".join([self.written(v, sets, depth) for v in value]) + b"]"
        if not isinstance(value, Node):
            return json.dump(value)
        key = id(value), tuple(map(id, sets))
        text = self._texts.get(key)
        if text is None:
            wanted = self.wanted(sets, value.kind).items()
            text = b"{" + b",".join(
                [
                    json.dump(name) + b":" + self._named(value, asked, below, depth + 1)
                    for name, (asked, below) in wanted
                ]
            ) + b"}"  # fmt: skip
            if len(text) < _SHORT:
                self._texts[key] = text
            self._count(len(text))
        return text

    def _named(self, node: Node, asked: FieldNode, below: Sets, depth: int) -> bytes:
        name = asked.name.value
        return self.written(node.kind if name == "__typename" else node.value(name), below, depth)

    def _count(self, length: int) -> None:
        self._length += length
        if self._budget is not None:
            self._budget.look()
        if self._length > _MOST_WRITTEN:
            raise _too_long()


def _too_long() -> TooCostly:
    return TooCostly("the answer would be too long: ask for less of the schema")


def _check(node: FieldNode, kind: str) -> None:
    name = node.name.value
    if kind == "__Root" and name not in _FIELDS[kind]:
        raise wrong("ask about the schema in a query of its own", node, NotSupported)
    if name != "__typename" and name not in _FIELDS[kind]:
        raise wrong(f"there is no field {short(name)} on {kind}", node)
    if (name in _OBJECTS) != (node.selection_set is not None):
        what = "an object: select what you want of it" if name in _OBJECTS else "a simple value"
        raise wrong(f"{short(name)} is {what}", node)
    for argument in node.arguments or ():
        allowed = {"includeDeprecated"} if name in _DEPRECATED else set()
        allowed |= {"name"} if name == "__type" else set()
        if argument.name.value not in allowed:
            raise wrong(f"{short(name)} has no argument {short(argument.name.value)}", node)
