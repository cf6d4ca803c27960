"""Codes that follow a grammar instead of a list: what can be said of them without their registry.

https://hl7.org/fhir/R4/terminologies-systems.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from fhirserver.model.ucum import units
from fhirserver.validation.options import Codes, Coding

# https://www.rfc-editor.org/rfc/rfc6838#section-4.2; HL7's own examples have parameters that are
# not quoted ("variant=DICOM WADO-RS"), and several types by commas.
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+\-]{0,126}"
_MIME: Final = rf"{_NAME}/{_NAME}(?:\s*;\s*[^\s;,=\"]+=(?:[^;,\"]+|\"[^\"]*\"))*;?"
_MIME_TYPES: Final = re.compile(rf"{_MIME}(?:\s*,\s*{_MIME})*")
# FHIR's own short names: https://hl7.org/fhir/R4/http.html#mime-type
_SHORT: Final = frozenset({"xml", "json", "ttl", "none"})
# https://www.rfc-editor.org/rfc/rfc5646#section-2.1, without the tags of before 1998.
_LANGUAGE: Final = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?"
    r"(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(?:-[A-WY-Za-wy-z0-9](?:-[A-Za-z0-9]{2,8})+)*(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?"
    r"|[xX](?:-[A-Za-z0-9]{1,8})+"
)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LONGEST: Final = 1_000

# The same few codes come again and again; the others' answers are of one generation, too.
_ANSWERS_KEPT: Final = 8_192
_LONGEST_KEPT: Final = 100


def _is_mime(code: str) -> bool:
    return code in _SHORT or _MIME_TYPES.fullmatch(code) is not None


def _is_language(code: str) -> bool:
    return _LANGUAGE.fullmatch(code) is not None


def _is_currency(code: str) -> bool:
    return _CURRENCY.fullmatch(code) is not None


def _is_unit(code: str) -> bool:
    try:
        units.read(code)
    except units.NotAUnit:
        return False
    return True


_VALUE_SETS: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = {
    f"http://hl7.org/fhir/ValueSet/{name}": (system, is_one)
    for name, system, is_one in (
        ("mimetypes", "urn:ietf:bcp:13", _is_mime),
        ("all-languages", "urn:ietf:bcp:47", _is_language),
        ("currencies", "urn:iso:std:iso:4217", _is_currency),
        ("ucum-units", "http://unitsofmeasure.org", _is_unit),
    )
}


class WithGrammars:
    """An `options.Codes` that, where another can't decide, knows what a code must look like."""

    def __init__(self, others: Codes) -> None:
        self._others = others
        self._kept = lru_cache(_ANSWERS_KEPT)(self._answer)

    def member_of(self, value_set: str, coding: Coding) -> bool | None:
        """Whether a code is in a value set; None when it can't be decided."""
        if len(coding.code) <= _LONGEST_KEPT:
            return self._kept(value_set, coding)
        return self._answer(value_set, coding)

    def _answer(self, value_set: str, coding: Coding) -> bool | None:
        answer = self._others.member_of(value_set, coding)
        grammar = _VALUE_SETS.get(value_set.partition("|")[0]) if answer is None else None
        if grammar is None:
            return answer
        system, is_one = grammar
        is_right = coding.system in {None, system}
        return is_right and len(coding.code) <= _LONGEST and is_one(coding.code)

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        """Whether a code is another one or above it; a grammar says nothing of that."""
        return self._others.subsumes(system, code, other)
