"""Whether a primitive value is one: its JSON type, its pattern, and that a date exists.

The patterns are the standard's, written so that Python matches them quickly; a test compares them
with the definitions.

https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from fhirserver.validation.findings import Check, Findings, one
from fhirserver.validation.narrative import xhtml

# https://hl7.org/fhir/R4/datatypes.html#string: 1 MB, counted in characters.
MAX_STRING: Final = 1_048_576

_DAY: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PART: Final = r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?"

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_A_STRING: Final = one("structure", "must be a JSON string")
_EMPTY: Final = one("value", "must not be empty: leave the element out instead")


def string(value: Any) -> Findings:
    """A text, not empty, without control characters.

    https://hl7.org/fhir/R4/datatypes.html#string
    """
    if type(value) is str and 0 < len(value) <= MAX_STRING:
        if value.isprintable() or _CONTROL.search(value) is None:
            return None
        return one("value", "must not contain control characters")
    if type(value) is str and value:
        return one("too-long", f"must not be longer than {MAX_STRING} characters")
    return _EMPTY if value == "" else _NOT_A_STRING


def base64_binary(value: Any) -> Findings:
    """Base64, with white space allowed between groups of four.

    https://hl7.org/fhir/R4/datatypes.html#base64Binary
    """
    if type(value) is not str:
        return _NOT_A_STRING
    if not value:
        return _EMPTY
    try:
        a2b_base64(value, strict_mode=True)
    except ValueError:
        try:
            a2b_base64("".join(value.split()), strict_mode=True)
        except ValueError:
            return one("value", "must be base64, padded to groups of four characters")
    return None


def boolean(value: Any) -> Findings:
    """JSON true or false."""
    return None if type(value) is bool else one("structure", "must be true or false, unquoted")


def decimal(value: Any) -> Findings:
    """A JSON number, with any number of digits."""
    if type(value) is int or type(value) is Decimal or type(value) is float:
        return None
    return one("structure", "must be a JSON number, unquoted")


def _whole(low: int, high: int) -> Check:
    wrong = one("value", f"must be a whole number from {low} to {high}")
    wrong_type = one("structure", "must be a JSON number without a fraction, unquoted")

    def check(value: Any) -> Findings:
        if type(value) is int:
            return None if low <= value <= high else wrong
        return wrong_type

    return check


def _matching(pattern: str, form: str) -> Check:
    fullmatch = re.compile(pattern).fullmatch
    wrong = one("value", f"must be {form}")

    def check(value: Any) -> Findings:
        if type(value) is str:
            if fullmatch(value) is not None:
                return None
            return wrong if value else _EMPTY
        return _NOT_A_STRING

    return check


def _without_spaces(pattern: str, form: str) -> Check:
    """The same for a pattern that every printable text without a space matches: most of them."""
    otherwise = _matching(pattern, form)

    def check(value: Any) -> Findings:
        if type(value) is str and value and " " not in value and value.isprintable():
            return None
        return otherwise(value)

    return check


def _calendar(pattern: str, form: str) -> Check:
    """The same for a text that begins with a date: the 30th of February is none."""
    fullmatch = re.compile(pattern).fullmatch
    wrong = one("value", f"must be {form}")
    unreal = one("value", "must be a date that exists in the calendar")

    def check(value: Any) -> Findings:
        if type(value) is not str:
            return _NOT_A_STRING
        if fullmatch(value) is None:
            return wrong if value else _EMPTY
        if value.startswith("0000"):
            return unreal
        # Every month has 28 days.
        if value[8:10] > "28":
            try:
                date.fromisoformat(value[:10])
            except ValueError:
                return unreal
        return None

    return check


_LOWER_HEX: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_uri: Final = _without_spaces(r"\S+", "an address without spaces")

CHECKS: Final[Mapping[str, Check]] = {
    "base64Binary": base64_binary,
    "boolean": boolean,
    "canonical": _uri,
    "code": _without_spaces(
        r"[^\s]+(?:\s[^\s]+)*", "a code: no leading, trailing or double white space"
    ),
    "date": _calendar(rf"{_DAY}|{_PART}", "a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _calendar(
        rf"{_DAY}(?:T{_CLOCK}{_ZONE})?|{_PART}",
        "a date as YYYY, YYYY-MM or YYYY-MM-DD, or a time as YYYY-MM-DDThh:mm:ss with its zone",
    ),
    "decimal": decimal,
    "id": _matching(r"[A-Za-z0-9\-.]{1,64}", "an id: 1 to 64 of A-Z, a-z, 0-9, - and ."),
    "instant": _calendar(
        rf"{_DAY}T{_CLOCK}{_ZONE}", "an instant: YYYY-MM-DDThh:mm:ss.sss with its zone"
    ),
    "integer": _whole(-(2**31), 2**31 - 1),
    "markdown": string,
    "oid": _matching(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+", "urn:oid: and an OID"),
    "positiveInt": _whole(1, 2**31 - 1),
    "string": string,
    "time": _matching(_CLOCK, "a time of day: hh:mm:ss"),
    "unsignedInt": _whole(0, 2**31 - 1),
    "uri": _uri,
    "url": _uri,
    "uuid": _matching(f"urn:uuid:{_LOWER_HEX}", "urn:uuid: and a UUID in lower case"),
    "xhtml": xhtml,
}
