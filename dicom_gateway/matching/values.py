"""One key and one value of an attribute: single value, list of UID, wild card, range.

What a key may ask for is decided by its value representation (PS3.4 C.2.2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dicom_gateway.matching.names import name_test
from dicom_gateway.matching.ranges import RANGED, between, written
from dicom_gateway.matching.wildcards import ALLOWED, has_wildcards, pattern

Test = Callable[[Any], bool]

NUMBERS: Final = frozenset({"IS", "DS", "US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"})
_KEEPS_LEADING_SPACES: Final = frozenset({"LT", "ST", "UT"})


def asking(vr: str, values: Sequence[Any], *, is_fuzzy: bool = False) -> Test:
    """Whether a value meets a key; of a key with several values one will do.

    Several values are standard for UIDs (C.2.2.2.2); for others many ask so, and nothing else
    could be meant by it. Raises ValueError for a key that can't be read.
    """
    tests = [_test(vr, value, is_fuzzy) for value in values if value not in (None, "", {})]
    if len(tests) == 1:
        return tests[0]
    return lambda value: any(test(value) for test in tests)


def _test(vr: str, key: Any, is_fuzzy: bool) -> Test:
    if vr == "PN":
        return name_test(key, is_fuzzy=is_fuzzy)
    if vr in RANGED:
        asked = between(vr, str(key))
        return lambda value: asked.meets(written(vr, str(value or "")))
    if vr in NUMBERS:
        number = _number(key)
        if number is not None:
            return lambda value: _number(value) == number
    text = _trimmed(vr, str(key))
    if vr in ALLOWED and has_wildcards(text):
        compiled = pattern(text)
        return lambda value: bool(compiled.fullmatch(_trimmed(vr, _text(value))))
    # Everything but names is compared to the letter (C.2.2.2.1).
    return lambda value: _trimmed(vr, _text(value)) == text


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _trimmed(vr: str, text: str) -> str:
    return text.rstrip(" \0") if vr in _KEEPS_LEADING_SPACES else text.strip(" \0")


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None
