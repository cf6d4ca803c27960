"""The rows of the ordered index tables, as array parameters and the `unnest` that reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fhirserver.search.index import IndexValues
from fhirserver.storage.schema import OrderedTable
from fhirserver.storage.versions import array

ROW_COLUMNS: dict[OrderedTable, tuple[tuple[str, str], ...]] = {
    "date": (
        ("param", "int4"),
        ("low", "int8"),
        ("high", "int8"),
        ("first", "boolean"),
        ("last", "boolean"),
        ("token", "int8"),
        ("system_token", "int8"),
    ),
    "string": (
        ("param", "int4"),
        ("text", "text"),
        ("first", "boolean"),
        ("last", "boolean"),
        ("token", "int8"),
        ("system_token", "int8"),
    ),
    "number": (
        ("param", "int4"),
        ("low", "float8"),
        ("high", "float8"),
        ("first", "boolean"),
        ("last", "boolean"),
        ("unit", "int8"),
        ("code", "int8"),
        ("label", "int8"),
        ("token", "int8"),
        ("system_token", "int8"),
        ("item", "int2"),
        ("base_low", "float8"),
        ("base_high", "float8"),
    ),
    "position": (("param", "int4"), ("latitude", "float8"), ("longitude", "float8")),
}
ROWS_OF: dict[OrderedTable, str] = {
    "date": "dates",
    "string": "strings",
    "number": "numbers",
    "position": "positions",
}


def row_parameters(
    kind: OrderedTable, indexed: Sequence[tuple[int, int | None, IndexValues]]
) -> dict[str, Any]:
    """The rows of one ordered table, an array for each column, from (key, owner, index values)."""
    rows = [(k, o, row) for k, o, index in indexed for row in getattr(index, ROWS_OF[kind])]
    parameters: dict[str, Any] = {
        f"{kind}_key": array(k for k, _, _ in rows),
        f"{kind}_owner": nullable(o for _, o, _ in rows),
    }
    for position, (name, sql_type) in enumerate(ROW_COLUMNS[kind]):
        column = [row[position] for _, _, row in rows]
        if sql_type == "text":
            parameters[f"{kind}_{name}"] = column
        elif sql_type == "boolean":
            parameters[f"{kind}_{name}"] = "{" + ",".join("t" if b else "f" for b in column) + "}"
        elif sql_type == "float8":
            parameters[f"{kind}_{name}"] = nullable(column)
        else:
            parameters[f"{kind}_{name}"] = nullable(column)
    return parameters


def nullable(numbers: Iterable[float | None]) -> str:
    """An array literal in which None is NULL."""
    return "{" + ",".join("NULL" if n is None else repr(n) for n in numbers) + "}"


def row_unnest(kind: OrderedTable) -> str:
    """The rows that `row_parameters` gives, as a table `n` in SQL."""
    columns = (("key", "int8"), ("owner", "int8"), *ROW_COLUMNS[kind])
    arrays = ", ".join(
        f"%({kind}_{name}){'b' if sql_type == 'text' else 's'}::{sql_type}[]"
        for name, sql_type in columns
    )
    return f"unnest({arrays}) AS n ({', '.join(name for name, _ in columns)})"


def row_names(kind: OrderedTable) -> str:
    """The columns of an ordered table in the order of `row_unnest`."""
    return "key, owner, " + ", ".join(name for name, _ in ROW_COLUMNS[kind])
