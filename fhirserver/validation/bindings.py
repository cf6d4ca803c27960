"""Whether a coded value is in the value set that its element must take it from.

Only required bindings to value sets that can be enumerated are looked at here.

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhirserver.validation.findings import Check, Findings, at, one

# More codes than this are not listed in a message.
FEW: Final = 12

Codes = Mapping[str, frozenset[str]]


def bound(type_code: str, codes: Codes, value_set: str, inner: Check) -> Check:
    """`inner`, and then the binding; types without codes are only checked by `inner`."""
    match type_code:
        case "code":
            return _code(codes, value_set, inner)
        case "Coding":
            return _coding(codes, value_set, inner)
        case "CodeableConcept":
            return _concept(codes, value_set, inner)
    return inner


def _code(codes: Codes, value_set: str, inner: Check) -> Check:
    allowed = frozenset().union(*codes.values())
    wrong = one("code-invalid", f"must be {_wording(allowed, value_set)}")

    def check(value: Any) -> Findings:
        if type(value) is str and value in allowed:
            return None
        return inner(value) or wrong

    return check


def _coding(codes: Codes, value_set: str, inner: Check) -> Check:
    wrong = one(
        "code-invalid", f"must be {_wording(frozenset().union(*codes.values()), value_set)}"
    )

    def check(value: Any) -> Findings:
        found = inner(value)
        if found is None and "code" in value and not _is_in(codes, value):
            return wrong
        return found

    return check


def _concept(codes: Codes, value_set: str, inner: Check) -> Check:
    wording = _wording(frozenset().union(*codes.values()), value_set)
    wrong = tuple(at(".coding", one("code-invalid", f"one coding must be {wording}")))

    def check(value: Any) -> Findings:
        found = inner(value)
        if found is not None:
            return found
        codings = value.get("coding", ())
        # An element with nothing but extensions says why there is no concept.
        if any(_is_in(codes, c) for c in codings) or not (codings or "text" in value):
            return None
        return wrong

    return check


def _is_in(codes: Codes, coding: Mapping[str, Any]) -> bool:
    return coding.get("code") in codes.get(coding.get("system", ""), ())


def _wording(allowed: frozenset[str], value_set: str) -> str:
    if len(allowed) <= FEW:
        return "one of " + ", ".join(sorted(allowed))
    return f"a code of {value_set}"
