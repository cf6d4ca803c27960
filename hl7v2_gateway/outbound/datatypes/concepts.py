"""CWE, CE, CNE: codes, with what they mean and whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.vocabulary import system_name
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.outbound.writing import Writing, writer

Triple = tuple[str | None, str | None, str | None, str | None]
"""Code, text, system, version."""


@writer("CWE", "CodeableConcept")
@writer("CE", "CodeableConcept")
def cwe(value: Any, writing: Writing) -> Repetition | None:
    """A concept: the first two codings, and the text in which it was said."""
    return written(value.get("coding", ()), value.get("text"), writing)


@writer("CWE", "Coding")
@writer("CE", "Coding")
def cwe_of_coding(value: Any, writing: Writing) -> Repetition | None:
    """A coding by itself."""
    return written([value], None, writing)


@writer("CWE", "string", "System.String", "markdown", "code")
@writer("CE", "string", "System.String", "markdown", "code")
def cwe_of_text(value: Any, writing: Writing) -> Repetition | None:
    """A text where v2 has a code."""
    return written((), value, writing)


@writer("CWE", "Quantity", "Duration", "Age", "SimpleQuantity")
@writer("CE", "Quantity", "Duration", "Age", "SimpleQuantity")
def units(value: Any, writing: Writing) -> Repetition | None:
    """The unit of a quantity."""
    code, unit, system = value.get("code"), value.get("unit"), value.get("system")
    if not code and not unit:
        return None
    if not code:
        return repetition(unit)
    coding = {"code": code, "display": unit, "system": system}
    return written([coding], None, writing)


@writer("CWE", "boolean")
@writer("CE", "boolean")
def yes_or_no(value: Any, writing: Writing) -> Repetition | None:
    """Table 0136."""
    del writing
    return repetition(*(("Y", "Yes", "HL70136") if value else ("N", "No", "HL70136")))


def written(codings: Sequence[Any], text: str | None, writing: Writing) -> Repetition | None:
    """The triples of codings; the receiver's own code comes first where it has one."""
    found = [t for c in codings for t in _triples(c, writing.wishes)][:2]
    if not found:
        # A text that has no code stands where receivers look for it, and where it belongs.
        return repetition(None, text, *[None] * 6, _original(text, writing)) if text else None
    first, second = [*found, (None, None, None, None)][:2]
    if not first[1] and text != first[0]:
        first = (first[0], _short(text, writing), *first[2:])
    return repetition(*first[:3], *second[:3], first[3], second[3], _original(text, writing))


def _original(text: str | None, writing: Writing) -> str | None:
    return text if writing.wishes.number >= (2, 5) else None


def _short(text: str | None, writing: Writing) -> str | None:
    """CE has no place for the original text: there it is the text of the code."""
    return text if writing.wishes.number < (2, 5) else None


def _triples(coding: Mapping[str, Any], wishes: Wishes) -> list[Triple]:
    code, system = coding.get("code"), coding.get("system")
    if not code and not coding.get("display"):
        return []
    name = system_name(system, wishes) if system else None
    own: Triple = (code, coding.get("display"), name, coding.get("version"))
    target = wishes.codes.get((system or "", code or ""))
    if target is None:
        return [own]
    return [(target.code, target.display, target.system, None), own]
