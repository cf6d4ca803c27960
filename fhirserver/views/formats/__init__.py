"""What rows are written as: each format makes pieces of bytes from columns and rows.

https://sql-on-fhir.org/ig/ValueSet-OutputFormatCodes.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from fhirserver.views.columns import Column
from fhirserver.views.formats.parquet import parquet
from fhirserver.views.formats.pdf import pdf
from fhirserver.views.formats.text import csv, csv_without_header, json_array, ndjson
from fhirserver.views.formats.workbook import xlsx

Write = Callable[[Sequence[Column], Iterable[Sequence[Any]]], Iterator[bytes]]

MEDIA_TYPES: Final = {
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
"""By the name that `_format` has."""

WRITERS: Final[dict[str, Write]] = {
    MEDIA_TYPES["ndjson"]: ndjson,
    MEDIA_TYPES["json"]: json_array,
    MEDIA_TYPES["csv"]: csv,
    MEDIA_TYPES["parquet"]: parquet,
    MEDIA_TYPES["xlsx"]: xlsx,
    MEDIA_TYPES["pdf"]: pdf,
}

__all__ = ["MEDIA_TYPES", "WRITERS", "Write", "csv_without_header"]
