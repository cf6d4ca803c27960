"""Rows as a workbook of Excel: one sheet, whose columns can be filtered.

A text is written as a text, never as a formula or a link.
https://xlsxwriter.readthedocs.io/format.html#format-set-quote-prefix
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import TooCostly
from fhirserver.model import json
from fhirserver.views.cells import neutral
from fhirserver.views.columns import Column

MOST_ROWS: Final = 100_000
"""A workbook is made as a whole before anything is sent."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
LONGEST_TEXT: Final = 32_767
"""Characters of a cell: Excel's limit."""


def xlsx(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The workbook in one piece. Raises TooCostly when there are more rows than one takes."""
    import xlsxwriter  # noqa: PLC0415 - 40 ms, for those who want it

    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    count = 0
    with xlsxwriter.Workbook(held, options) as book:
        bold, quoted = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        sheet = book.add_worksheet("Report")
        for at, column in enumerate(columns):
            _text(sheet, 0, at, column.name, bold)
        for count, row in enumerate(rows, 1):
            if count > MOST_ROWS:
                raise TooCostly(
                    f"a workbook has at most {MOST_ROWS:,} rows here: filter, or take CSV"
                )
            for at, value in enumerate(row):
                _cell(sheet, count, at, value, quoted)
        sheet.autofilter(0, 0, count, max(0, len(columns) - 1))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(0, len(columns) - 1), 20)
    yield held.getvalue()


def _cell(sheet: Any, row: int, column: int, value: Any, quoted: Any) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case int() | float() | Decimal():
            sheet.write_number(row, column, float(value))
        case _:
            text = value if isinstance(value, str) else json.dump(value).decode()
            _text(sheet, row, column, text, quoted if neutral(text) != text else None)


def _text(sheet: Any, row: int, column: int, text: str, style: Any = None) -> None:
    sheet.write_string(row, column, _CONTROL.sub("", text)[:LONGEST_TEXT], style)
