"""Reports as CSV: one table, whose first columns say which report a row is of.

https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import csv as plain_csv
import io
from collections.abc import Sequence

from fhirserver.reports.table import HEADER, ReportTable
from fhirserver.views.cells import cell


def csv(tables: Sequence[ReportTable]) -> bytes:
    """UTF-8; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = plain_csv.writer(text)
    writer.writerow(["Report", "From", "To", *HEADER])
    for table in tables:
        for row in table.rows:
            writer.writerow([cell(v) for v in (table.title, table.start, table.end, *row)])
    return text.getvalue().encode()
