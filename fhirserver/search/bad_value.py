"""The error for a value that a parameter can't take: names the parameter and the form expected."""

from __future__ import annotations

from typing import Final

from fhirserver.errors import Invalid

LONGEST_ECHO = 40

# What these take says nothing about anybody; anything else may be a birth date or a name.
_IMPERSONAL: Final = frozenset(
    {"_count", "_elements", "_include", "_revinclude", "_summary", "_total", "_contained"}
)


def bad_value(code: str, value: str, expected: str) -> Invalid:
    """The error; the value is repeated only where it can't be about a patient, and is short.

    >>> str(bad_value("birthdate", "yesterday", "a date such as 2024-05-17"))
    'birthdate: the value is not a date such as 2024-05-17'
    >>> str(bad_value("_count", "all", "a whole number, 0 or more"))
    "_count: 'all' is not a whole number, 0 or more"
    """
    is_shown = code.partition(":")[0] in _IMPERSONAL and len(value) <= LONGEST_ECHO
    shown = repr(value) if is_shown else "the value"
    return Invalid(f"{code}: {shown} is not {expected}")
