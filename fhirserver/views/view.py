"""A view that can be run: resources in, rows out.

The rows of a select are the product of what stands beside each other in it: its columns, its
selects, its unionAll, for each item that it walks over.
https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html#processing-algorithm
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import Invalid, TooCostly
from fhirserver.fhirpath import Env, schema
from fhirserver.fhirpath.nodes import Typed
from fhirserver.views import definition
from fhirserver.views.columns import Column
from fhirserver.views.paths import ROW_INDEX, Path, Types

Row = tuple[Any, ...]
MOST_ROWS: Final = 100_000
"""Of one resource: selects beside each other multiply."""
MOST_ITEMS: Final = 100_000
"""That a repeat walks over in one resource."""
_BOOLEAN: Final = frozenset({"boolean", "System.Boolean"})


@dataclass(frozen=True, slots=True)
class View:
    """`rows` of a resource of another type are none."""

    resource: str
    name: str | None
    columns: tuple[Column, ...]
    constants: Mapping[str, Typed]
    where: tuple[Path, ...]
    root: _Node

    def rows(self, resource: Mapping[str, Any]) -> Iterator[Row]:
        """The rows of one resource, in the order of its content; values as FHIR's JSON has them."""
        if resource.get("resourceType") != self.resource:
            return
        walk = _Walk(resource, self.constants)
        item: Typed = (self.resource, resource, None)
        if all(_holds(path, item, walk) for path in self.where):
            yield from self.root.rows(item, 0, walk)


def read(content: Any) -> View:
    """The view of a ViewDefinition's JSON; raises Invalid where it can't be right."""
    found = definition.parse(content)
    known = frozenset({ROW_INDEX, *found.constants})
    types: Types = frozenset({found.resource})
    where = []
    for number, text in enumerate(found.where):
        path = Path(text, f"ViewDefinition.where[{number}].path", known)
        given = path.check(types)
        if given is not None and given and not given & _BOOLEAN:
            raise Invalid("a where is true or false", expression=path.place)
        where.append(path)
    whole = definition.Select(None, (), (), found.select, (), "ViewDefinition")
    root = _node(whole, types, known)
    twice = [name for name, n in Counter(c.name for c in root.names).items() if n > 1]
    if twice:
        raise Invalid(f"two columns are called {twice[0]}", expression="ViewDefinition.select")
    return View(found.resource, found.name, root.names, found.constants, tuple(where), root)


class _Walk:
    """What the evaluations of one resource share."""

    def __init__(self, resource: Mapping[str, Any], constants: Mapping[str, Typed]) -> None:
        self.resource, self.constants = resource, constants
        self.plain = self._env(0)
        self.left = MOST_ROWS

    def env(self, index: int) -> Env:
        return self.plain if index == 0 else self._env(index)

    def _env(self, index: int) -> Env:
        variables = {**self.constants, ROW_INDEX: index}
        return Env(resource=self.resource, variables=variables, joined_nothing="")

    def spend(self, rows: int) -> None:
        self.left -= rows
        if self.left < 0:
            raise TooCostly(f"a view gives at most {MOST_ROWS:,} rows of one resource")


@dataclass(frozen=True, slots=True)
class _Node:
    """A compiled select; `names` are the columns of it and all that is below."""

    iteration: definition.Iteration | None
    walked: tuple[Path, ...]
    columns: tuple[tuple[Path, bool], ...]
    selects: tuple[_Node, ...]
    union: tuple[_Node, ...]
    names: tuple[Column, ...]
    missing: Typed
    """What stands for an item of forEachOrNull where there is none."""

    def rows(self, item: Typed, index: int, walk: _Walk) -> Iterator[Row]:
        if self.iteration is None:
            yield from self._rows_of(item, index, walk)
            return
        items: Sequence[Typed] = (
            list(self._repeated(item, walk))
            if self.iteration == "repeat"
            else self.walked[0].items(item, walk.env(index))
        )
        if not items and self.iteration == "forEachOrNull":
            items = [self.missing]
        for number, found in enumerate(items):
            yield from self._rows_of(found, number, walk)

    def _repeated(self, item: Typed, walk: _Walk) -> Iterator[Typed]:
        """What the paths reach from the item, and again from there; parents before children."""
        waiting = deque(self._below(item, walk))
        count = 0
        while waiting:
            found = waiting.popleft()
            count += 1
            if count > MOST_ITEMS:
                raise TooCostly(f"a repeat walks over at most {MOST_ITEMS:,} items")
            yield found
            waiting.extendleft(reversed(self._below(found, walk)))

    def _below(self, item: Typed, walk: _Walk) -> list[Typed]:
        return [found for path in self.walked for found in path.items(item, walk.plain)]

    def _rows_of(self, item: Typed, index: int, walk: _Walk) -> Iterator[Row]:
        env = walk.env(index)
        found: list[Row] = [
            tuple(_value(path, is_many, item, env) for path, is_many in self.columns)
        ]
        parts = [list(node.rows(item, index, walk)) for node in self.selects]
        if self.union:
            parts.append([row for node in self.union for row in node.rows(item, index, walk)])
        for part in parts:
            walk.spend(len(found) * len(part))
            found = [(*row, *more) for row in found for more in part]
        yield from found


def _node(select: definition.Select, types: Types, known: frozenset[str]) -> _Node:
    """Compile a select for items of these types."""
    walked = []
    if select.iteration == "repeat":
        walked = [Path(p, f"{select.place}.repeat[{n}]", known) for n, p in enumerate(select.paths)]
        types = _reached(walked, types)
    elif select.iteration is not None:
        walked = [Path(select.paths[0], f"{select.place}.{select.iteration}", known)]
        types = walked[0].check(types)
    columns, names = [], []
    for column in select.columns:
        path = Path(column.path, f"{column.place}.path", known)
        given = path.check(types)
        columns.append((path, column.is_collection))
        names.append(Column(column.name, column.type or _only(given), column.is_collection,
                            column.description))  # fmt: skip
    selects = tuple(_node(s, types, known) for s in select.selects)
    union = tuple(_node(s, types, known) for s in select.union)
    for number, branch in enumerate(union[1:], 1):
        if [c.name for c in branch.names] != [c.name for c in union[0].names]:
            raise Invalid(
                "the branches of a unionAll have the same columns in the same order",
                expression=f"{select.place}.unionAll[{number}]",
            )
    names += [c for node in selects for c in node.names]
    names += union[0].names if union else ()
    return _Node(select.iteration, tuple(walked), tuple(columns), selects, union, tuple(names),
                 _missing(types))  # fmt: skip


def _missing(types: Types) -> Typed:
    """An item without anything in it: each path gives nothing, or what needs no item."""
    if types is not None and len(types) == 1:
        (name,) = types
        if schema.kind(name) == "complex" and name not in schema.ABSTRACT:
            return (name, {}, None)
    return ("string", None, None)


def _reached(walked: Sequence[Path], types: Types) -> Types:
    """The types that a repeat comes to, from what it gives on those it has come to."""
    if types is None:
        return None
    reached: frozenset[str] = frozenset()
    fresh = types
    while fresh:
        found: frozenset[str] = frozenset()
        for path in walked:
            given = path.check(fresh, may_lack=True)
            if given is None:
                return None
            found |= given
        fresh = found - reached
        reached |= found
    return reached


def _only(types: Types) -> str | None:
    """The FHIR type of a column whose path gives just one."""
    if types is None or len(types) != 1:
        return None
    (name,) = types
    return schema.IN_FHIR.get(name, name)


def _holds(path: Path, item: Typed, walk: _Walk) -> bool:
    found = path.items(item, walk.plain)
    if not found:
        return False
    if len(found) > 1 or not isinstance(found[0][1], bool):
        raise Invalid("a where is true or false", expression=path.place)
    return found[0][1]


def _value(path: Path, is_many: bool, item: Typed, env: Env) -> Any:
    values = [value for _, value, _ in path.items(item, env) if value not in (None, {})]
    if is_many:
        return values
    if len(values) > 1:
        raise Invalid(
            "a column has one value, unless it says collection = true", expression=path.place
        )
    return values[0] if values else None
