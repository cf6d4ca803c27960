"""Finds what a query selects, level by level: what one level refers to is read all at once.

https://hl7.org/fhir/R4/graphql.html#references, https://hl7.org/fhir/R4/graphql.html#reverse
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.errors import NotFound
from fhirserver.fhirpath import Env, Evaluate, Typed
from fhirserver.graphql import arguments
from fhirserver.graphql.budget import RESOURCE, SEARCH, Budget
from fhirserver.graphql.fields import EDGE, QUERY, Kind, Place, Selected, type_name
from fhirserver.graphql.mistakes import wrong
from fhirserver.graphql.selections import Selections, Sets
from fhirserver.graphql.source import Name, Page, Source
from fhirserver.model.resource import Resource
from fhirserver.search.parameters import Parameters

_MOST_STEPS: Final = 20_000
"""Of one evaluation of an expression in the query; about ten milliseconds."""


@dataclass(slots=True)
class Item:
    """One value of a field: a scalar, or what was found in an object."""

    value: Any
    label: str = ""
    """What @slice adds to names in the answer."""


@dataclass(slots=True)
class Found:
    """What was found in one object: each selected field with its values."""

    fields: list[tuple[Selected, list[Item]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Focus:
    """A resource that is being walked through, and the one that contains it."""

    resource: Resource
    container: Resource | None = None

    @property
    def name(self) -> Name:
        return self.resource["resourceType"], self.resource.get("id", "")


_Waiting = tuple[Selected, _Focus, str, list[Item]]
_Searching = tuple[Selected, _Focus | None, list[Item]]


class Walk:
    """One execution of a query."""

    def __init__(
        self, selections: Selections, parameters: Parameters, source: Source, budget: Budget
    ) -> None:
        self._selections = selections
        self._parameters = parameters
        self._source = source
        self._budget = budget
        self._resolving: list[_Waiting] = []
        self._searching: list[_Searching] = []
        self._reading: list[_Searching] = []

    def from_resource(self, resource: Resource) -> Found:
        """The query's answer about one resource."""
        found = self._resource(resource, self._selections.root(), None)
        self._finish()
        return found

    def from_server(self) -> Found:
        """The query's answer about the whole server."""
        found = Found()
        for selected in self._selections.of(self._selections.root(), Place(QUERY)).fields:
            items: list[Item] = []
            found.fields.append((selected, items))
            if selected.kind is Kind.TYPE_NAME:
                items.append(Item(QUERY))
            elif selected.kind is Kind.READ:
                self._reading.append((selected, None, items))
            else:
                self._searching.append((selected, None, items))
        self._finish()
        return found

    def _finish(self) -> None:
        while self._resolving or self._searching or self._reading:
            resolving, self._resolving = self._resolving, []
            searching, self._searching = self._searching, []
            reading, self._reading = self._reading, []
            self._read(resolving, reading)
            self._search(searching)

    # Objects

    def _resource(self, resource: Resource, sets: Sets, container: Resource | None) -> Found:
        place = Place(resource["resourceType"])
        return self._object(resource, sets, place, _Focus(resource, container))

    def _object(self, value: Mapping[str, Any], sets: Sets, place: Place, focus: _Focus) -> Found:
        found = Found()
        for selected in self._selections.of(sets, place).fields:
            items: list[Item] = []
            found.fields.append((selected, items))
            match selected.kind:
                case Kind.ELEMENT:
                    self._element(value.get(selected.name), selected, items, focus)
                case Kind.EXTRAS:
                    self._element(value.get(selected.name), selected, items, focus)
                case Kind.TYPE_NAME:
                    items.append(Item(type_name(place)))
                case Kind.RESOLVED:
                    self._reference(value, selected, items, focus)
                case _:
                    # Nothing on the server refers to a contained resource.
                    if focus.container is None:
                        self._searching.append((selected, focus, items))
            self._budget.spend(1 + len(items))
        return found

    def _element(self, value: Any, selected: Selected, items: list[Item], focus: _Focus) -> None:
        values = value if isinstance(value, list) else [value]
        chosen = self._chosen([v for v in values if v is not None], selected, focus)
        for number, one in enumerate(chosen):
            label = self._label(one, number, selected, focus)
            if selected.of is None:
                items.append(Item(one, label))
            elif selected.of.path == "Resource":
                container = focus.resource if selected.name == "contained" else None
                items.append(Item(self._resource(one, selected.below, container), label))
            else:
                items.append(Item(self._object(one, selected.below, selected.of, focus), label))

    def _chosen(self, values: list[Any], selected: Selected, focus: _Focus) -> list[Any]:
        """https://hl7.org/fhir/R4/graphql.html#list"""
        given = selected.arguments
        if given and selected.kind is Kind.ELEMENT:
            for name, wanted in given.items():
                if name not in {"fhirpath", "_count", "_offset"}:
                    values = [v for v in values if _has(v, name, wanted)]
            if selected.where is not None:
                values = [v for v in values if self._holds(selected.where, v, focus)]
            start = given.get("_offset", 0)
            values = values[start:]
            if "_count" in given:
                values = values[: given["_count"]]
        return values[:1] if selected.directives.first else values

    def _label(self, value: Any, number: int, selected: Selected, focus: _Focus | None) -> str:
        """https://hl7.org/fhir/R4/graphql.html#flattening"""
        if selected.directives.slice is None:
            return ""
        if selected.sliced is None:
            return f".{number}"
        found = self._evaluated(selected.sliced, value, focus)
        return f".{found[0][1]}" if len(found) == 1 else "."

    def _holds(self, where: Evaluate, value: Any, focus: _Focus | None) -> bool:
        found = self._evaluated(where, value, focus)
        if len(found) == 1 and isinstance(found[0][1], bool):
            return found[0][1]
        return bool(found)

    def _evaluated(self, what: Evaluate, value: Any, focus: _Focus | None) -> list[Typed]:
        self._budget.spend()
        resource = None if focus is None else focus.resource
        return what(value, Env(resource=resource, max_steps=_MOST_STEPS))

    # References

    def _reference(
        self, value: Mapping[str, Any], selected: Selected, items: list[Item], focus: _Focus
    ) -> None:
        text = value.get("reference")
        if not isinstance(text, str):
            if value:
                self._missing(selected, "the reference names no resource")
            return
        if text.startswith("#"):
            self._contained(text[1:], selected, items, focus)
        else:
            self._resolving.append((selected, focus, text, items))

    def _contained(
        self, fragment: str, selected: Selected, items: list[Item], focus: _Focus
    ) -> None:
        """https://hl7.org/fhir/R4/references.html#contained"""
        outer = focus.container or focus.resource
        inside = [r for r in outer.get("contained", ()) if r.get("id") == fragment]
        found = outer if not fragment else next(iter(inside), None)
        if found is None:
            self._missing(selected, "the reference is to nothing in this resource")
        elif found["resourceType"] in selected.targets:
            container = None if found is outer else outer
            items.append(Item(self._resource(found, selected.below, container)))

    def _read(self, resolving: Sequence[_Waiting], reading: Sequence[_Searching]) -> None:
        """Resolve the references of one level, and read what is asked for by its id."""
        wanted: dict[int, tuple[Name, str | None]] = {}
        for number, (selected, _, text, _) in enumerate(resolving):
            literal = self._source.literal(text)
            if literal is None:
                self._missing(selected, "the reference is to nothing on this server")
            elif literal[0][0] in selected.targets:
                wanted[number] = literal
        by_id = [_read_name(selected) for selected, _, _ in reading]
        names = {name for name, version in wanted.values() if version is None} | set(by_id)
        self._budget.spend(RESOURCE * len(names))
        found = self._source.read(names) if names else {}
        for number, (name, version) in wanted.items():
            selected, _, _, items = resolving[number]
            if version is None:
                resource = found.get(name)
            else:
                self._budget.spend(SEARCH)
                resource = self._source.version(name, version)
            if resource is None:
                self._missing(selected, "what the reference is to isn't here")
            else:
                items.append(Item(self._resource(resource, selected.below, None)))
        for (selected, _, items), name in zip(reading, by_id, strict=True):
            if name not in found:
                raise wrong(f"there is no such {name[0]}", selected.node, NotFound)
            items.append(Item(self._resource(found[name], selected.below, None)))

    def _missing(self, selected: Selected, text: str) -> None:
        if selected.arguments.get("optional") is not True:
            raise wrong(f"{text}: ask for resource(optional: true)", selected.node, NotFound)

    # Searches

    def _search(self, searching: Sequence[_Searching]) -> None:
        """Search for what is asked for at the root, and for what refers to the last level."""
        reverse: dict[int, list[tuple[Selected, _Focus, list[Item]]]] = defaultdict(list)
        for selected, focus, items in searching:
            if (
                focus is not None
                and selected.kind is Kind.LIST
                and "_count" not in (selected.arguments)
            ):
                reverse[id(selected)].append((selected, focus, items))
                continue
            self._budget.spend(SEARCH)
            resource_type, pairs = self._asked(selected, focus)
            if selected.kind is Kind.CONNECTION:
                self._page(selected, items, self._turned(selected, resource_type, pairs))
            else:
                self._list(selected, items, self._source.matches(resource_type, pairs))
        for together in reverse.values():
            self._referring(together)

    def _referring(self, together: Sequence[tuple[Selected, _Focus, list[Item]]]) -> None:
        """One search for all the resources of a level that the same is asked of."""
        selected = together[0][0]
        assert selected.of is not None
        resource_type = selected.of.path
        known = self._parameters.for_type(resource_type)
        code = arguments.parameter_of(str(selected.arguments["_reference"]), known)
        assert code is not None
        pairs = arguments.pairs(selected.arguments, known, selected.node)
        self._budget.spend(SEARCH)
        names = list(dict.fromkeys(focus.name for _, focus, _ in together if focus.name[1]))
        found = self._source.referring(resource_type, code, names, pairs)
        for _, focus, items in together:
            self._list(selected, items, found.get(focus.name, ()))

    def _asked(self, selected: Selected, focus: _Focus | None) -> tuple[str, list[tuple[str, str]]]:
        assert selected.of is not None
        is_page = selected.kind is Kind.CONNECTION
        resource_type = selected.of.targets[0] if is_page else selected.of.path
        if is_page and not set(arguments.CURSOR).isdisjoint(selected.arguments):
            return resource_type, []
        known = self._parameters.for_type(resource_type)
        pairs = arguments.pairs(selected.arguments, known, selected.node)
        if focus is not None:
            code = arguments.parameter_of(str(selected.arguments["_reference"]), known)
            assert code is not None
            pairs.append((code, "/".join(focus.name)))
        if is_page and self._wants_total(selected):
            pairs.append(("_total", "accurate"))
        return resource_type, pairs

    def _wants_total(self, selected: Selected) -> bool:
        assert selected.of is not None
        return any(
            f.name == "count" for f in self._selections.of(selected.below, selected.of).fields
        )

    def _turned(self, selected: Selected, resource_type: str, pairs: list[tuple[str, str]]) -> Page:
        cursor = next((selected.arguments[c] for c in arguments.CURSOR if c in selected.arguments),
                      None)  # fmt: skip
        if cursor is None:
            return self._source.page(resource_type, pairs)
        return self._source.turned(resource_type, str(cursor))

    def _list(self, selected: Selected, items: list[Item], found: Sequence[Resource]) -> None:
        self._budget.spend(RESOURCE * len(found))
        if selected.where is not None:
            found = [r for r in found if self._holds(selected.where, r, None)]
        if selected.directives.first:
            found = found[:1]
        for number, resource in enumerate(found):
            label = self._label(resource, number, selected, None)
            items.append(Item(self._resource(resource, selected.below, None), label))

    def _page(self, selected: Selected, items: list[Item], page: Page) -> None:
        assert selected.of is not None
        self._budget.spend(RESOURCE * len(page.edges))
        found = Found()
        parts = {
            "count": page.total,
            "offset": page.offset,
            "pagesize": page.size,
            "pageSize": page.size,
            "next": page.next,
            "previous": page.previous,
        }
        for part in self._selections.of(selected.below, selected.of).fields:
            values: list[Item] = []
            found.fields.append((part, values))
            if part.kind is Kind.TYPE_NAME:
                values.append(Item(type_name(selected.of)))
            elif part.name != "edges":
                values += [Item(v) for v in [parts.get(part.name)] if v is not None]
            else:
                self._edges(selected, part, values, page)
        items.append(Item(found))

    def _edges(self, selected: Selected, part: Selected, values: list[Item], page: Page) -> None:
        assert part.of is not None
        assert part.of.path == EDGE
        for edge in page.edges:
            if selected.where is not None and not self._holds(selected.where, edge.resource, None):
                continue
            found = Found()
            simple = {"mode": edge.mode, "score": edge.score}
            for inner in self._selections.of(part.below, part.of).fields:
                inside: list[Item] = []
                found.fields.append((inner, inside))
                if inner.kind is Kind.TYPE_NAME:
                    inside.append(Item(type_name(part.of)))
                elif inner.name == "resource":
                    inside.append(Item(self._resource(edge.resource, inner.below, None)))
                elif simple[inner.name] is not None:
                    inside.append(Item(simple[inner.name]))
            values.append(Item(found))


def _read_name(selected: Selected) -> Name:
    value = next(iter(selected.arguments.values()))
    return selected.name, arguments.text(value, selected.node)


def _has(value: Any, name: str, wanted: Any) -> bool:
    """Whether an object has an element of this value, among others if it repeats."""
    found = value.get(name) if isinstance(value, dict) else None
    values = found if isinstance(found, list) else [found]
    alternatives = wanted if isinstance(wanted, list) else [wanted]
    return any(_same(v, w) for v in values if v is not None for w in alternatives)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return not isinstance(wanted, bool) and value == str(wanted)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted or str(value).lower() == wanted
    return bool(value == wanted) or str(value) == wanted
