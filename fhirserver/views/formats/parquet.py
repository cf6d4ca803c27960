"""Rows as Parquet, a group of rows at a time.

https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from fhirserver.model import json
from fhirserver.views.columns import Column

ROWS_IN_GROUP: Final = 10_000
_INTEGERS: Final = frozenset({"integer", "positiveInt", "unsignedInt"})


class _Sink:
    """Takes what the writer writes, until somebody fetches it."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> bytes:
        found, self._pieces = b"".join(self._pieces), []
        return found


def parquet(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Booleans, whole numbers and decimals (as doubles) have their types; all else is text.

    Dates are text, as FHIR's may be known to the year or the month only.
    """
    import pyarrow as pa  # noqa: PLC0415 - 100 ms and 60 MB, for those who want it
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = pa.schema([(c.name, _type(pa, c)) for c in columns])
    sink = _Sink()
    waiting = iter(rows)
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as writer:
        while group := list(islice(waiting, ROWS_IN_GROUP)):
            arrays = [
                pa.array([_cell(c, row[n]) for row in group], type=schema.field(n).type)
                for n, c in enumerate(columns)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _type(pa: Any, column: Column) -> Any:
    match column.type:
        case "boolean":
            found = pa.bool_()
        case name if name in _INTEGERS:
            found = pa.int64()
        case "decimal":
            found = pa.float64()
        case _:
            found = pa.string()
    return pa.list_(found) if column.is_collection else found


def _cell(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.is_collection:
        return [_plain(column, v) for v in value]
    return _plain(column, value)


def _plain(column: Column, value: Any) -> Any:
    """The value as its column holds it; None where it isn't what the view says it is."""
    match column.type:
        case "boolean":
            return value if isinstance(value, bool) else None
        case name if name in _INTEGERS:
            return int(value) if _is_number(value) and value == int(value) else None
        case "decimal":
            return float(value) if _is_number(value) else None
    return value if isinstance(value, str) else json.dump(value).decode()


def _is_number(value: Any) -> bool:
    return not isinstance(value, str | bool | dict | list)
