"""The error for a value that a parameter can't take: names the parameter and the form expected."""

from __future__ import annotations

from fhirserver.errors import Invalid

LONGEST_ECHO = 40


def bad_value(code: str, value: str, expected: str) -> Invalid:
    """The error; the value is repeated only as far as it is short.

    >>> str(bad_value("birthdate", "yesterday", "a date such as 2024-05-17"))
    "birthdate: 'yesterday' is not a date such as 2024-05-17"
    """
    shown = repr(value) if len(value) <= LONGEST_ECHO else "the value"
    return Invalid(f"{code}: {shown} is not {expected}")
