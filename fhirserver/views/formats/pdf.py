"""Rows as a PDF to print: A4 on its side, the names of the columns on every page.

Texts are shown, not read: markup in them is text, and nothing is a link.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any, Final

from fhirserver.errors import TooCostly
from fhirserver.model import json
from fhirserver.views.columns import Column

MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = 12
LONGEST: Final = 200
"""Characters of a cell."""
_WIDTH_CM: Final = 25.7
"""Of the 29.7 of A4."""


def pdf(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The document in one piece. Raises TooCostly when it would be too long or too wide to read."""
    from reportlab.lib import colors  # noqa: PLC0415 - 150 ms, for those who want it
    from reportlab.lib.pagesizes import A4, landscape  # noqa: PLC0415
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.lib.units import cm  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table  # noqa: PLC0415

    if len(columns) > MOST_COLUMNS:
        raise TooCostly(f"a PDF has at most {MOST_COLUMNS} columns: leave some out, or take CSV")
    for name, file in (("Vera", "Vera.ttf"), ("VeraBd", "VeraBd.ttf")):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, file))
    plain = ParagraphStyle("plain", fontName="Vera", fontSize=8, leading=10, splitLongWords=True)
    bold = ParagraphStyle("bold", parent=plain, fontName="VeraBd")
    shown = [[Paragraph(escape(c.name), bold) for c in columns]]
    for row in rows:
        if len(shown) > MOST_ROWS:
            raise TooCostly(f"a PDF has at most {MOST_ROWS:,} rows: filter, or take CSV or XLSX")
        shown.append([Paragraph(escape(_shown(value)), plain) for value in row])
    held = io.BytesIO()
    document = SimpleDocTemplate(
        held, pagesize=landscape(A4), leftMargin=2 * cm, rightMargin=2 * cm, topMargin=1.5 * cm,
        bottomMargin=2 * cm, title="Report", author="fhirserver",
    )  # fmt: skip
    table = Table(shown, colWidths=[_WIDTH_CM * cm / len(columns)] * len(columns), repeatRows=1)
    table.setStyle(
        [
            ("LINEBELOW", (0, 0), (-1, 0), 1, colors.black),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    document.build([table], onFirstPage=_numbered, onLaterPages=_numbered)
    yield held.getvalue()


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont("Vera", 8)
    canvas.drawRightString(document.pagesize[0] - 57, 30, f"Page {document.page}")


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            text = value
        case list() | dict():
            text = json.dump(value).decode()
        case _:
            text = str(value)
    kept = "".join(c for c in text if c.isprintable())
    return kept if len(kept) <= LONGEST else f"{kept[:LONGEST]}..."
