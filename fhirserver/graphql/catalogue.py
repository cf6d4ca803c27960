"""The types that queries are made of, as GraphQL's introspection describes them.

Made from the definitions, a type when somebody looks at it: a query needs none of this.
https://spec.graphql.org/October2021/#sec-Schema-Introspection
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

from fhirserver.graphql.fields import CONNECTION, EDGE, QUERY, Place, type_name
from fhirserver.model.definitions import Definitions, Property
from fhirserver.search.parameters import Parameters

_BUILT_IN: Final = {
    "string": "String",
    "xhtml": "String",
    "boolean": "Boolean",
    "integer": "Int",
    "positiveInt": "Int",
    "unsignedInt": "Int",
    "decimal": "Float",
    "id": "ID",
}
"""FHIR's primitives that are GraphQL's; the others are scalars of their own names."""
_MANY: Final = 50
"""A search parameter that may refer to more types than this refers to anything."""
_RESOURCE: Final = ("id", "meta", "implicitRules", "language")


class Node:
    """A thing of the schema: `kind` is its type in introspection, `values` are what it says.

    A value that is a function is worked out when somebody asks for it, once.
    """

    __slots__ = ("kind", "values")

    def __init__(self, kind: str, /, **values: Any) -> None:
        self.kind = kind
        self.values: dict[str, Any] = values

    def value(self, name: str) -> Any:
        """What it says under a name; None where it says nothing."""
        found = self.values.get(name)
        if callable(found):
            found = self.values[name] = found()
        return found


class Catalogue:
    """The schema at the root of the server, or of one resource type."""

    def __init__(self, parameters: Parameters, root: str | None = None) -> None:
        self._parameters = parameters
        self._definitions: Definitions = parameters.definitions
        self._root = root or QUERY
        self._wrapped: dict[tuple[str, int], Node] = {}
        self._filters_of: dict[str, list[Node]] = {}
        self._searches: dict[tuple[str, bool], list[Node]] = {}

    @cached_property
    def schema(self) -> Node:
        return Node(
            "__Schema",
            description="FHIR R4: https://hl7.org/fhir/R4/graphql.html",
            types=list(self.types.values()),
            queryType=self.types[self._root],
            directives=_directives(self),
        )

    @cached_property
    def types(self) -> dict[str, Node]:
        """All types by their names; what is in them isn't looked at yet."""
        definitions = self._definitions
        made = [self._object(QUERY, self._query)]
        for name in ("Int", "Float", "String", "Boolean", "ID", *sorted(self._scalars())):
            made.append(Node("__Type", kind="SCALAR", name=name))  # noqa: PERF401
        made.append(
            Node(
                "__Type",
                kind="INTERFACE",
                name="Resource",
                interfaces=[],
                fields=lambda: self._elements("Resource", _RESOURCE),
                possibleTypes=lambda: [self.types[t] for t in definitions.resource_types],
            )
        )
        for name in definitions.structure_names:
            structure = definitions.structure(name)
            if structure.kind == "primitive-type" or (
                structure.kind == "resource" and structure.is_abstract
            ):
                continue
            made += [self._of_path(path) for path in self._paths(name)]
        for name in definitions.resource_types:
            made += self._of_search(name)
        return {node.values["name"]: node for node in made}

    def _scalars(self) -> set[str]:
        found = set(self._definitions.primitives)
        for name in self._definitions.resource_types:
            found |= {p.type for p in self._parameters.for_type(name).values()}
        return found - set(_BUILT_IN)

    def _paths(self, name: str) -> list[str]:
        """A type and the elements in it that are objects of their own."""
        structure = self._definitions.structure(name)
        inside = [e.path for e in structure.all_elements if structure.children(e.path)]
        return [name, *inside]

    def _of_path(self, path: str) -> Node:
        is_resource = self._definitions.is_resource(path)
        node = self._object(
            type_name(Place(path)),
            lambda: self._elements(path) + (self._referring(path) if is_resource else []),
        )
        if is_resource:
            node.values["interfaces"] = lambda: [self.types["Resource"]]
        return node

    def _elements(self, path: str, names: Sequence[str] | None = None) -> list[Node]:
        definitions = self._definitions
        made = []
        for found in definitions.properties(path).values():
            if names is not None and found.name not in names:
                continue
            is_simple = found.type_code in definitions.primitives
            made.append(
                _field(
                    found.name,
                    self._named(self._type_of(found), is_list=found.is_list),
                    [] if is_simple else self._filters(found.target_path),
                    found.element.path,
                )
            )
            if is_simple and names is None:
                extras = self._named("Element", is_list=found.is_list)
                made.append(_field(f"_{found.name}", extras))
        if definitions.is_resource(path) or path == "Resource":
            made.append(_field("resourceType", self._named("code")))
        if path == "Reference":
            given = [
                _argument("optional", self._named("Boolean")),
                _argument("type", self._named("code")),
            ]
            made.append(_field("resource", self._named("Resource"), given))
        return made

    def _type_of(self, found: Property) -> str:
        if found.type_code in self._definitions.primitives:
            return _BUILT_IN.get(found.type_code, found.type_code)
        return type_name(Place(found.target_path))

    def _filters(self, path: str) -> list[Node]:
        """The arguments of an element: one list for all elements of a type."""
        made = self._filters_of.get(path)
        if made is None:
            made = [
                _argument("fhirpath", self._named("String")),
                _argument("_count", self._named("Int")),
                _argument("_offset", self._named("Int")),
            ]
            if path != "Resource":
                made += [
                    _argument(p.name, self._named(self._type_of(p)))
                    for p in self._definitions.properties(path).values()
                    if p.type_code in self._definitions.primitives and not p.element.is_choice
                ]
            self._filters_of[path] = made
        return made

    # Searches

    def _query(self) -> list[Node]:
        made = []
        for name in self._definitions.resource_types:
            by_id = [_argument("id", self._named("ID", is_required=True))]
            given = self._search(name, all_parameters=True)
            cursor = [*given, _argument("_cursor", self._named("String"))]
            made += [
                _field(name, self._named(name), by_id),
                _field(f"{name}List", self._named(name, is_list=True), given),
                _field(f"{name}Connection", self._named(f"{name}{CONNECTION}"), cursor),
            ]
        return made

    def _referring(self, target: str) -> list[Node]:
        """What refers to a resource: all arguments where a parameter is meant for its type."""
        made = []
        for name in self._definitions.resource_types:
            known = self._parameters.for_type(name).values()
            to_it = [p for p in known if p.type == "reference" and target in p.targets]
            if not to_it:
                continue
            is_meant = any(len(p.targets) < _MANY for p in to_it)
            references = self._named(f"{name}References", is_required=True)
            given = [
                _argument("_reference", references),
                *self._search(name, all_parameters=is_meant),
            ]
            made.append(_field(f"{name}List", self._named(name, is_list=True), given))
            if is_meant:
                page = self._named(f"{name}{CONNECTION}")
                made.append(_field(f"{name}{CONNECTION}", page, given))
        return made

    def _search(self, name: str, *, all_parameters: bool) -> list[Node]:
        """The arguments of a search: one list for all searches of a type."""
        made = self._searches.get((name, all_parameters))
        if made is None:
            made = [
                _argument("_count", self._named("Int")),
                _argument("_sort", self._named("String", is_list=True)),
                _argument("fhirpath", self._named("String")),
            ]
            for code, parameter in self._parameters.for_type(name).items():
                if all_parameters or code == "_filter":
                    kind = _BUILT_IN.get(parameter.type, parameter.type)
                    argument = code if code.startswith("_") else code.replace("-", "_")
                    made.append(_argument(argument, self._named(kind, is_list=True)))
            self._searches[name, all_parameters] = made
        return made

    def _of_search(self, name: str) -> list[Node]:
        """The types of a page of matches, and of `_reference`."""

        def page() -> list[Node]:
            numbers = ("count", "offset", "pagesize", "pageSize")
            made = [_field(n, self._named("Int")) for n in numbers]
            cursors = ("first", "previous", "next", "last")
            made += [_field(n, self._named("String")) for n in cursors]
            return [*made, _field("edges", self._named(f"{name}{EDGE}", is_list=True))]

        def edge() -> list[Node]:
            return [
                _field("mode", self._named("code")),
                _field("score", self._named("Float")),
                _field("resource", self._named(name)),
            ]

        made = [
            self._object(f"{name}{CONNECTION}", page),
            self._object(f"{name}{EDGE}", edge),
        ]
        known = self._parameters.for_type(name)
        codes = [c.replace("-", "_") for c, p in known.items() if p.type == "reference"]
        if codes:
            values = [Node("__EnumValue", name=c, isDeprecated=False) for c in codes]
            made.append(Node("__Type", kind="ENUM", name=f"{name}References", enumValues=values))
        return made

    # Parts

    def _object(self, name: str, fields: Callable[[], list[Node]]) -> Node:
        return Node("__Type", kind="OBJECT", name=name, fields=fields, interfaces=[])

    def _named(
        self, name: str, *, is_list: bool = False, is_required: bool = False
    ) -> Callable[[], Node]:
        """A type, or a list of it, or never null; looked up when somebody wants to see it."""
        form = "LIST" if is_list else "NON_NULL" if is_required else None
        return lambda: self.types[name] if form is None else self._wrap(name, form)

    def _wrap(self, name: str, form: str) -> Node:
        key = name, len(form)
        if key not in self._wrapped:
            self._wrapped[key] = Node("__Type", kind=form, ofType=self.types[name])
        return self._wrapped[key]


def _field(
    name: str, kind: Callable[[], Node], args: Sequence[Node] = (), description: str | None = None
) -> Node:
    return Node(
        "__Field",
        name=name,
        description=description,
        args=list(args),
        type=kind,
        isDeprecated=False,
    )


def _argument(name: str, kind: Callable[[], Node]) -> Node:
    return Node("__InputValue", name=name, type=kind, isDeprecated=False)


def _directives(catalogue: Catalogue) -> list[Node]:
    condition = Node(
        "__InputValue",
        name="if",
        type=Node("__Type", kind="NON_NULL", ofType=catalogue.types["Boolean"]),
        isDeprecated=False,
    )
    path = Node(
        "__InputValue",
        name="path",
        type=Node("__Type", kind="NON_NULL", ofType=catalogue.types["String"]),
        isDeprecated=False,
    )
    anywhere = ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"]
    made = [
        ("skip", anywhere, [condition], None),
        ("include", anywhere, [condition], None),
        ("flatten", ["FIELD"], [], "Puts what is in the field in its place."),
        ("first", ["FIELD"], [], "Takes the first of a list."),
        ("singleton", ["FIELD"], [], "Makes one value of a list of one."),
        ("slice", ["FIELD"], [path], "Adds a value, or $index, to the names in the field."),
    ]
    return [
        Node(
            "__Directive",
            name=name,
            description=text,
            locations=locations,
            args=args,
            isRepeatable=False,
        )
        for name, locations, args, text in made
    ]
