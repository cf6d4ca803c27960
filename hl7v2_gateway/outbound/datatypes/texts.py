"""ST, TX, FT, ID, IS, NM, SI: texts, numbers and codes as they stand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.vocabulary import table
from hl7v2_gateway.outbound.writing import Writing, writer

_TEXTS = (
    "string", "markdown", "code", "id", "uri", "url", "canonical", "oid", "uuid", "base64Binary",
    "System.String",
)  # fmt: skip
_NUMBERS = ("integer", "positiveInt", "unsignedInt", "decimal", "System.Integer", "System.Decimal")


@writer("ST", *_TEXTS, *_NUMBERS)
@writer("TX", *_TEXTS, *_NUMBERS)
@writer("FT", *_TEXTS)
@writer("ID", *_TEXTS)
@writer("IS", *_TEXTS)
@writer("NM", *_TEXTS, *_NUMBERS)
@writer("SI", *_NUMBERS)
def text(value: Any, writing: Writing) -> Repetition | None:
    """The value itself; a decimal keeps its digits."""
    del writing
    return repetition(plain(value))


@writer("ID", "boolean", "System.Boolean")
@writer("IS", "boolean", "System.Boolean")
@writer("ST", "boolean", "System.Boolean")
def yes_or_no(value: Any, writing: Writing) -> Repetition | None:
    """Table 0136."""
    del writing
    return repetition("Y" if value else "N")


@writer("ST", "CodeableConcept", "Coding")
def said(value: Any, writing: Writing) -> Repetition | None:
    """What a code is called."""
    del writing
    codings = value.get("coding", ()) if "coding" in value or "text" in value else [value]
    shown = value.get("text") or next((c["display"] for c in codings if c.get("display")), None)
    return repetition(shown or next((c["code"] for c in codings if c.get("code")), None))


@writer("ID", "CodeableConcept")
@writer("IS", "CodeableConcept")
def first_code(value: Any, writing: Writing) -> Repetition | None:
    """The first code, else the text."""
    del writing
    codes = [c["code"] for c in value.get("coding", ()) if c.get("code")]
    return repetition(codes[0] if codes else value.get("text"))


@writer("ID", "Coding")
@writer("IS", "Coding")
def code(value: Any, writing: Writing) -> Repetition | None:
    """The code alone."""
    del writing
    return repetition(value.get("code"))


@writer("NM", "Quantity", "Duration", "Age", "Count", "SimpleQuantity")
def number(value: Any, writing: Writing) -> Repetition | None:
    """The number of a quantity."""
    del writing
    return repetition(plain(value["value"])) if value.get("value") is not None else None


@writer("ST", "Identifier")
def identifier_value(value: Any, writing: Writing) -> Repetition | None:
    """The value of an identifier."""
    del writing
    return repetition(value.get("value"))


def plain(value: Any) -> str:
    """A primitive value as text.

    >>> plain(Decimal("1.10")), plain(Decimal("1E+2"))
    ('1.10', '100')
    """
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def mapped(name: str, value: str | None) -> str | None:
    """The v2 code of a table of ours; None where it has none.

    >>> mapped("AdministrativeGender", "female")
    'F'
    """
    return None if value is None else table(name).get(value)
