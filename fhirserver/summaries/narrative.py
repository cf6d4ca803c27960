"""Sections as XHTML: tables that read well on a screen and on paper.

Everything that comes from a resource is text: it is escaped, and never markup.

https://hl7.org/fhir/R4/narrative.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from fhirserver.model.resource import Resource

Row = Sequence[str]

# Characters that XML can't hold, in whatever way they are written.
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def table(columns: Row, rows: Iterable[Row]) -> str:
    """A table; columns that are empty in every row are left out."""
    found = [[_clean(c) for c in row] for row in rows]
    shown = [n for n, _ in enumerate(columns) if any(row[n] for row in found)]
    head = "".join(f"<th>{escape(columns[n])}</th>" for n in shown)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(row[n])}</td>' for n in shown)}</tr>" for row in found
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def paragraph(text: str) -> str:
    return f"<p>{escape(_clean(text))}</p>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values, without those that are empty."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(_clean(text))}</td></tr>"
        for name, text in pairs
        if text
    )
    return f"<table><tbody>{rows}</tbody></table>" if rows else ""


def narrative(*parts: str) -> Resource:
    """A generated Narrative."""
    inner = "".join(parts)
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>',
    }


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text).strip()
