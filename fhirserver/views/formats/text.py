"""Rows as JSON, NDJSON and CSV.

http://ndjson.org, https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import csv as plain_csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fhirserver.model import json
from fhirserver.views.cells import cell
from fhirserver.views.columns import Column

Rows = Iterable[Sequence[Any]]


def ndjson(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """An object in each line."""
    for row in _objects(columns, rows):
        yield row + b"\n"


def json_array(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """An array of objects."""
    before = b"["
    for row in _objects(columns, rows):
        yield before + row
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"


def _objects(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    names = [c.name for c in columns]
    for row in rows:
        yield json.dump(dict(zip(names, row, strict=True)))


def csv(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """A line with the names, and one for each row."""
    yield _line([c.name for c in columns])
    yield from csv_without_header(columns, rows)


def csv_without_header(_columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """The same without the names."""
    for row in rows:
        yield _line([cell(value) for value in row])


def _line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    plain_csv.writer(line).writerow(cells)
    return line.getvalue().encode()
