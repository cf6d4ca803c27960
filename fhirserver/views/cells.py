"""Values as cells of a table that people open in a spreadsheet.

A text that begins like a formula would be carried out by Excel and its kin, whoever wrote it into
a name or a note: an apostrophe before it makes it a text.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from fhirserver.model import json

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, in full width too."""


def neutral(text: str) -> str:
    """The text, so that no spreadsheet carries it out.

    >>> neutral("=HYPERLINK(1)"), neutral("Ng")
    ("'=HYPERLINK(1)", 'Ng')
    """
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def cell(value: Any) -> str:
    """A value as the text of a cell: numbers as they are, lists and objects as JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case str():
            return neutral(value)
    return neutral(json.dump(value).decode())
