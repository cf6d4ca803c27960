"""What a search is ordered by, as SQL expressions that are never NULL.

A resource without a value sorts after all others, whatever the direction: such rows get a value
that is beyond every real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fhirserver.search.index import EARLIEST, LATEST
from fhirserver.search.query import Sort
from fhirserver.storage.schema import OrderedTable
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.tables import kinds_needed
from fhirserver.storage.versions import array

TEXT_LAST = "\U0010ffff"

_COLUMN: Final[dict[OrderedTable, str]] = {"date": "low", "string": "text", "number": "low"}

# The value of a token, reference or uri inside the JSON that a path finds.
_SCALAR = (
    (
        "coalesce(v #>> '{{coding,0,code}}', v ->> 'code', v ->> 'value', v ->> 'reference', "
        "v ->> 'text', v #>> '{{}}')"
    )
    .replace("{{", "{")
    .replace("}}", "}")
)


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key: its SQL expression, the SQL type of its value, and its direction."""

    expression: str
    cast: str
    descending: bool

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"


def keys(build: Builder, sort: tuple[Sort, ...], resource_type: str, r: str) -> list[Key]:
    """The sort keys over the row alias `r`; the resource key itself comes last."""
    found = [_key(build, s, resource_type, r) for s in sort]
    last = found[-1].descending if found else True
    return [*found, Key(f"{r}.key", "int8", last)]


def driver(sort: tuple[Sort, ...], resource_type: str) -> OrderedTable | None:
    """The ordered table whose index can deliver the rows in order; None when there is none."""
    if len(sort) != 1 or sort[0].also:
        return None
    match sort[0].by:
        case "date" | "string" | "number" as kind if kind in kinds_needed(resource_type):
            return kind
        case _:
            return None


def driver_column(kind: OrderedTable) -> tuple[str, str]:
    """The column that a driving table is ordered by, and its SQL type."""
    return _COLUMN[kind], {"date": "int8", "string": "text", "number": "float8"}[kind]


def _key(build: Builder, sort: Sort, resource_type: str, r: str) -> Key:
    match sort.by:
        case "updated":
            return Key(f"{r}.updated", "timestamptz", sort.descending)
        case "id":
            return Key(f"{r}.id", "text", sort.descending)
        case "path":
            return Key(_path(build, sort, r), "text", sort.descending)
        case "date" | "string" | "number" as kind:
            return _ordered_key(build, sort, kind, resource_type, r)


def _ordered_key(build: Builder, sort: Sort, kind: OrderedTable, resource_type: str, r: str) -> Key:
    column, cast = driver_column(kind)
    beyond: object = {
        "int8": EARLIEST if sort.descending else LATEST,
        "text": "" if sort.descending else TEXT_LAST,
        "float8": "-Infinity" if sort.descending else "Infinity",
    }[cast]
    if kind not in kinds_needed(resource_type):
        return Key(build.bind(beyond, cast), cast, sort.descending)
    o = build.alias("o")
    flag, pick = ("last", "max") if sort.descending else ("first", "min")
    params = build.bind(array((sort.param, *sort.also)), "int4[]")
    expression = (
        f"coalesce((SELECT {pick}({o}.{column}) "
        f"FROM {build.ordered(kind, resource_type, base=True)} {o} "
        f"WHERE {o}.key = {r}.key AND {o}.param = ANY({params}) AND {o}.{flag} "
        f"AND {o}.token IS NULL), {build.bind(beyond, cast)})"
    )
    return Key(expression, cast, sort.descending)


def _path(build: Builder, sort: Sort, r: str) -> str:
    """The least (or greatest) text that the parameter's paths find in the content."""
    beyond = build.bind("" if sort.descending else TEXT_LAST, "text")
    if not sort.paths:
        return beyond
    pick = "max" if sort.descending else "min"
    values = " UNION ALL ".join(
        f"SELECT jsonb_path_query({_document(r, path)}, "
        f"{build.bind(_inside(path), 'jsonpath')}) AS v"
        for path in sort.paths
    )
    return f'coalesce((SELECT {pick}({_SCALAR} COLLATE "C") FROM ({values}) AS s), {beyond})'


_META: Final = '$."meta"'


def _document(r: str, path: str) -> str:
    """The column that a path looks into: `meta` has its own."""
    return f"{r}.meta" if path.startswith(_META) else f"{r}.content"


def _inside(path: str) -> str:
    return f"${path.removeprefix(_META)}" if path.startswith(_META) else path
