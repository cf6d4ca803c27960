"""Reports as PDF, each from a new page.

Texts are shown, not read: markup in them is text, and nothing is a link.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from fhirserver.reports.table import HEADER, Cell, ReportTable

_WIDTHS: Final = (2.6, 1.8, 5.0, 2.2, 1.4, 2.0, 2.0)
"""Of the columns, in centimetres: 17 of the 21 of A4."""
LONGEST: Final = 200
"""Characters of a cell."""


def pdf(tables: Sequence[ReportTable]) -> bytes:
    """A4, with page numbers; letters are those of Bitstream Vera (western and central Europe)."""
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - 150 ms, for those who want it
    from reportlab.lib.units import cm  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415

    for name, file in (("Vera", "Vera.ttf"), ("VeraBd", "VeraBd.ttf")):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, file))
    held = io.BytesIO()
    document = SimpleDocTemplate(
        held, pagesize=A4, leftMargin=2 * cm, rightMargin=2 * cm, topMargin=2 * cm,
        bottomMargin=2 * cm, title=tables[0].title if tables else "Report", author="fhirserver",
    )  # fmt: skip
    document.build(list(_flowing(tables)), onFirstPage=_numbered, onLaterPages=_numbered)
    return held.getvalue()


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont("Vera", 8)
    canvas.drawRightString(document.pagesize[0] - 57, 30, f"Page {document.page}")


def _flowing(tables: Sequence[ReportTable]) -> Iterator[Any]:
    from reportlab.lib import colors  # noqa: PLC0415
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.lib.units import cm  # noqa: PLC0415
    from reportlab.platypus import PageBreak, Paragraph, Spacer, Table  # noqa: PLC0415

    plain = ParagraphStyle("plain", fontName="Vera", fontSize=8, leading=10)
    small = ParagraphStyle("small", parent=plain, splitLongWords=True)
    title = ParagraphStyle("title", fontName="VeraBd", fontSize=14, leading=20)
    for number, table in enumerate(tables):
        if number:
            yield PageBreak()
        yield Paragraph(escape(table.title), title)
        yield Paragraph(escape(table.description), plain)
        yield Paragraph(escape(f"From {table.start} to {table.end}, made {table.made}"), plain)
        yield Spacer(1, 0.4 * cm)
        rows = [[Paragraph(escape(_shown(c)), small) for c in row] for row in table.rows]
        made = Table([list(HEADER), *rows], colWidths=[w * cm for w in _WIDTHS], repeatRows=1)
        made.setStyle(
            [
                ("FONT", (0, 0), (-1, 0), "VeraBd", 8),
                ("LINEBELOW", (0, 0), (-1, 0), 1, colors.black),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
        yield made


def _shown(value: Cell) -> str:
    text = "" if value is None else str(value)
    kept = "".join(c for c in text if c.isprintable())
    return kept if len(kept) <= LONGEST else f"{kept[:LONGEST]}..."
