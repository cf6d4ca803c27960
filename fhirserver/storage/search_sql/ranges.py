"""The predicates of the ordered tables: how one row compares with a search value.

https://hl7.org/fhir/R4/search.html#prefix
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fhirserver.search.index import EARLIEST
from fhirserver.search.query import (
    HasRow,
    InDates,
    InNumbers,
    InStrings,
    Near,
    StringCompare,
    Updated,
)
from fhirserver.storage.schema import LONG_DATE, OrderedTable
from fhirserver.storage.search_sql.builder import Builder

RowCondition = InDates | InNumbers | InStrings | StringCompare | HasRow | Near

# A row and a search value are closed-open ranges; `lo` and `hi` are the value's ends. Each of the
# alternatives is one that an index can answer: by `low`, or by `high` for the rows that are long
# (schema.LONG). `near_lo` and `near_hi` are so far before the ends that a row which begins earlier
# and reaches over them is long.
DATE: Final[dict[str, tuple[str, ...]]] = {
    "eq": ("{a}.low >= {lo} AND {a}.low < {hi} AND {a}.high <= {hi}",),
    "ne": ("NOT ({a}.low >= {lo} AND {a}.high <= {hi})",),
    "gt": (
        "{a}.low >= {near_hi} AND {a}.high > {hi}",
        "{a}.long AND {a}.low < {near_hi} AND {a}.high > {hi}",
    ),
    "lt": ("{a}.low < {lo}",),
    "ge": (
        "{a}.low >= {near} AND ({a}.low >= {lo} OR {a}.high > {hi})",
        "{a}.long AND {a}.low < {near} AND {a}.high > {hi}",
    ),
    "le": ("{a}.low < {hi} AND ({a}.low < {lo} OR {a}.high <= {hi})",),
    "sa": ("{a}.low >= {hi}",),
    "eb": (
        "NOT {a}.long AND {a}.low < {near_lo}",
        "{a}.low >= {near_lo} AND {a}.low < {lo} AND {a}.high <= {lo}",
        "{a}.long AND {a}.high <= {lo}",
    ),
    "ap": (
        "{a}.low >= {near_lo} AND {a}.low < {hi} AND {a}.high > {lo}",
        "{a}.long AND {a}.low < {near_lo} AND {a}.low < {hi} AND {a}.high > {lo}",
    ),
}

# `x` is the value as written, `lo` and `hi` the range of its precision; the rows' ends are closed.
NUMBER: Final[dict[str, tuple[str, ...]]] = {
    "eq": ("{low} >= {lo} AND {low} < {hi} AND {high} <= {hi}",),
    "ne": ("NOT ({low} >= {lo} AND {low} < {hi} AND {high} <= {hi})",),
    "gt": ("{low} > {x}", "{a}.long AND {low} <= {x} AND {high} > {x}"),
    "lt": ("{low} < {x}",),
    "ge": ("{low} >= {x}", "{a}.long AND {low} < {x} AND {high} >= {x}"),
    "le": ("{low} <= {x}",),
    "sa": ("{low} > {x}",),
    "eb": ("{low} < {x} AND {high} < {x}",),
    "ap": (
        "{low} >= {lo} AND {low} <= {hi}",
        "{a}.long AND {low} < {lo} AND {high} >= {lo}",
    ),
}

# meta.lastUpdated is exact to the millisecond.
UPDATED: Final[dict[str, str]] = {
    "eq": "({a}.updated >= {lo} AND {a}.updated < {hi})",
    "ne": "NOT ({a}.updated >= {lo} AND {a}.updated < {hi})",
    "gt": "{a}.updated >= {hi}",
    "lt": "{a}.updated < {lo}",
    "ge": "{a}.updated >= {lo}",
    "le": "{a}.updated < {hi}",
    "sa": "{a}.updated >= {hi}",
    "eb": "{a}.updated < {lo}",
    "ap": "({a}.updated >= {lo} AND {a}.updated < {hi})",
}

TEXT_COMPARE: Final[dict[str, str]] = {"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "ne": "<>"}


def table_of(condition: RowCondition) -> OrderedTable:
    """The ordered table that a condition looks at."""
    match condition:
        case InDates():
            return "date"
        case InNumbers():
            return "number"
        case InStrings() | StringCompare():
            return "string"
        case Near():
            return "position"
        case HasRow(table=kind):
            return kind


def row_predicate(build: Builder, condition: RowCondition, a: str, rows: str) -> str:
    """The SQL that is true of a row with alias `a` of the table named `rows`."""
    return rows_predicate(build, [condition], a, rows)


def rows_predicate(build: Builder, conditions: Sequence[RowCondition], a: str, rows: str) -> str:
    """The same for conditions on one parameter that a row must meet all at once.

    Their alternatives are multiplied out, so that the ends of a range stand side by side: then an
    index reads between them, and the planner knows how little that is.
    """
    first = conditions[0]
    common = [f"{a}.param = {build.bind(first.param, 'int4')}"]
    alternatives: list[tuple[str, ...]] = [()]
    for condition in conditions:
        if isinstance(condition, InDates | InNumbers):
            common += _beside(build, condition, a, rows)
            ways = _alternatives(build, condition, a)
            alternatives = [(*chosen, way) for chosen in alternatives for way in ways]
        else:
            common.append(_PREDICATE[type(condition)](build, condition, a, rows))
    whole = [" AND ".join(chosen) for chosen in alternatives if chosen]
    if len(whole) == 1:
        common += whole
    elif whole and isinstance(first, InDates | InNumbers):
        # The index has the token before the range: each way needs both to be read from it.
        token = _token(build, first, a)
        common.append(f"({' OR '.join(f'({token} AND {way})' for way in whole)})")
    elif whole:
        common.append(f"({' OR '.join(f'({way})' for way in whole)})")
    return " AND ".join(dict.fromkeys(common))


def _beside(build: Builder, c: InDates | InNumbers, a: str, rows: str) -> list[str]:
    """What a row of a range must meet beside the range: its token, unit, and further component."""
    parts = [_token(build, c, a)]
    if isinstance(c, InDates):
        return parts
    if c.unit is not None:
        parts.append(f"{a}.unit = {build.bind(c.unit, 'int8')}")
    if c.code is not None:
        code = build.bind(c.code, "int8")
        parts.append(f"({a}.code = {code} OR {a}.label = {code})")
    if c.second is not None:
        b = build.alias("n")
        rest = row_predicate(build, c.second, b, rows)
        parts.append(
            f"EXISTS (SELECT FROM {rows} {b} WHERE {b}.key = {a}.key "
            f"AND {b}.item = {a}.item AND {rest})"
        )
    return parts


def _alternatives(build: Builder, c: InDates | InNumbers, a: str) -> tuple[str, ...]:
    if isinstance(c, InNumbers):
        exact, lo, hi = (build.bind(x, "float8") for x in (c.exact, c.low, c.high))
        # What is asked for in a unit is compared in base units.
        low, high = ("low", "high") if c.unit is None else ("base_low", "base_high")
        return tuple(
            t.format(a=a, low=f"{a}.{low}", high=f"{a}.{high}", x=exact, lo=lo, hi=hi)
            for t in NUMBER[c.compare]
        )
    lo, hi = build.bind(c.low, "int8"), build.bind(c.high, "int8")
    near_lo, near_hi = (max(EARLIEST, end - LONG_DATE + 1) for end in (c.low, c.high))
    return tuple(
        t.format(
            a=a,
            lo=lo,
            hi=hi,
            near=build.bind(min(c.low, near_hi), "int8"),
            near_lo=build.bind(near_lo, "int8"),
            near_hi=build.bind(near_hi, "int8"),
        )
        for t in DATE[c.compare]
    )


def updated_predicate(build: Builder, condition: Updated, a: str) -> str:
    """The SQL that is true of a resource row with alias `a`."""
    lo, hi = instant(build, condition.low), instant(build, condition.high)
    return UPDATED[condition.compare].format(a=a, lo=lo, hi=hi)


def instant(build: Builder, microseconds: int) -> str:
    """A timestamptz from microseconds since 1970 UTC, held inside what the column can have."""
    limit = 200_000_000_000_000_000  # about the year 8300
    bounded = max(-limit, min(limit, microseconds))
    return f"('epoch'::timestamptz + {build.bind(bounded, 'int8')} * interval '1 microsecond')"


def _strings(build: Builder, c: InStrings, a: str, rows: str) -> str:
    return f"{_token(build, c, a)} AND {text_match(build, f'{a}.text', c.match, c.text)}"


def text_match(build: Builder, column: str, how: str, text: str) -> str:
    """A folded text starts with, contains, ends with or equals another."""
    match how:
        case "equals":
            return f"{column} = {build.bind(text)}"
        case "prefix" if not text:
            return "true"
        case "prefix":
            after = _after_prefix(text)
            beyond = f" AND {column} < {build.bind(after)}" if after else ""
            return f"({column} >= {build.bind(text)}{beyond})"
        case "contains":
            return f"{column} LIKE {build.bind(f'%{_escaped(text)}%')}"
        case _:
            return f"{column} LIKE {build.bind(f'%{_escaped(text)}')}"


def _after_prefix(text: str) -> str:
    """The least text that sorts after every text with this prefix; empty when there is none.

    >>> _after_prefix("ada"), _after_prefix("a\ud7ff") == "a\ue000"
    ('adb', True)
    """
    kept = text.rstrip("\U0010ffff")
    if not kept:
        return ""
    # Code points from D800 to DFFF are no characters, and no text has them.
    following = 0xE000 if kept[-1] == "\ud7ff" else ord(kept[-1]) + 1
    return kept[:-1] + chr(following)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _string_compare(build: Builder, c: StringCompare, a: str, rows: str) -> str:
    return f"{a}.token IS NULL AND {a}.text {TEXT_COMPARE[c.compare]} {build.bind(c.text)}"


def _any_row(build: Builder, c: HasRow, a: str, rows: str) -> str:
    # Rows of a composite carry a token, and its number is no other parameter's.
    return "true"


def _near(build: Builder, c: Near, a: str, rows: str) -> str:
    latitude, longitude = build.bind(c.latitude, "float8"), build.bind(c.longitude, "float8")
    metres = build.bind(c.metres, "float8")
    # A degree of latitude is never less than 110,574 metres: the index narrows, haversine decides.
    degrees = f"{metres} / 110574"
    return f"""{a}.latitude BETWEEN {latitude} - {degrees} AND {latitude} + {degrees}
      AND 2 * 6371008.8 * asin(least(1, sqrt(
        sin(radians({a}.latitude - {latitude}) / 2) ^ 2
        + cos(radians({latitude})) * cos(radians({a}.latitude))
          * sin(radians({a}.longitude - {longitude}) / 2) ^ 2))) <= {metres}"""


def _token(build: Builder, c: InDates | InNumbers | InStrings, a: str) -> str:
    """Composite rows carry the token of their other component, all others none."""
    if c.token is None and c.system_token is None:
        return f"{a}.token IS NULL"
    parts = []
    if c.token is not None:
        parts.append(f"{a}.token = {build.bind(c.token, 'int8')}")
    if c.system_token is not None:
        parts.append(f"{a}.system_token = {build.bind(c.system_token, 'int8')}")
    return " AND ".join(parts)


_PREDICATE: Final[dict[type, Callable[..., str]]] = {
    InStrings: _strings,
    StringCompare: _string_compare,
    HasRow: _any_row,
    Near: _near,
}
