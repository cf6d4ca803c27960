"""Reports as a workbook of Excel, a sheet for each.

A text is written as a text, never as a formula or a link; one that looks like a formula has Excel's
mark of a quoted text, so that it stays one when somebody edits the cell.
https://xlsxwriter.readthedocs.io/format.html#format-set-quote-prefix
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from fhirserver.reports.table import HEADER, Cell, ReportTable
from fhirserver.views.cells import neutral

_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\']")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
LONGEST_NAME: Final = 31
LONGEST_TEXT: Final = 32_767
"""Characters of a sheet's name, and of a cell: Excel's limits."""


def xlsx(tables: Sequence[ReportTable]) -> bytes:
    """The workbook; its tables can be filtered."""
    import xlsxwriter  # noqa: PLC0415 - 40 ms, for those who want it

    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(held, options) as book:
        bold, quoted = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        for number, table in enumerate(tables, 1):
            sheet = book.add_worksheet(_name(table.title, number))
            _text(sheet, 0, 0, table.title, bold)
            _text(sheet, 1, 0, table.description)
            _text(sheet, 2, 0, f"From {table.start} to {table.end}, made {table.made}")
            for column, name in enumerate(HEADER):
                _text(sheet, 4, column, name, bold)
            for at, row in enumerate(table.rows, 5):
                for column, value in enumerate(row):
                    _cell(sheet, at, column, value, quoted)
            sheet.autofilter(4, 0, 4 + len(table.rows), len(HEADER) - 1)
            sheet.freeze_panes(5, 0)
            sheet.set_column(0, len(HEADER) - 1, 18)
    return held.getvalue()


def _cell(sheet: Any, row: int, column: int, value: Cell, quoted: Any) -> None:
    if isinstance(value, Decimal | int | float):
        sheet.write_number(row, column, float(value))
    elif value:
        _text(sheet, row, column, value, quoted if neutral(value) != value else None)


def _text(sheet: Any, row: int, column: int, text: str, style: Any = None) -> None:
    sheet.write_string(row, column, _CONTROL.sub("", text)[:LONGEST_TEXT], style)


def _name(title: str, number: int) -> str:
    """A sheet's name: unique, and without what Excel doesn't take."""
    return f"{number} {_FORBIDDEN.sub(' ', _CONTROL.sub('', title))}"[:LONGEST_NAME].rstrip()
