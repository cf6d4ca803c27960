"""Reports as files: CSV, XLSX and PDF. Nothing in them is carried out by what opens them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fhirserver.reports.documents.csv import csv
from fhirserver.reports.documents.pdf import pdf
from fhirserver.reports.documents.xlsx import xlsx
from fhirserver.reports.table import ReportTable

MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
"""By the name that `_format` has."""

Write = Callable[[Sequence[ReportTable]], bytes]
WRITERS: Final[dict[str, Write]] = {
    MEDIA_TYPES["csv"]: csv,
    MEDIA_TYPES["xlsx"]: xlsx,
    MEDIA_TYPES["pdf"]: pdf,
}

__all__ = ["MEDIA_TYPES", "WRITERS", "Write"]
