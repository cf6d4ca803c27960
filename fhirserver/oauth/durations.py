"""How long something lasts, and when it was, in words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def in_words(seconds: float) -> str:
    """A duration in the largest unit of which there are two, or that fits exactly.

    >>> in_words(3600), in_words(5400), in_words(7_776_000), in_words(86_400)
    ('1 hour', '90 minutes', '90 days', '1 day')
    """
    for unit, length in _UNITS:
        if seconds >= 2 * length or seconds == length:
            count = round(seconds / length)
            return f"{count} {unit}" + ("" if count == 1 else "s")
    return "1 second"


def moment(time: datetime) -> str:
    """A time to the minute, with its zone.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 9, 8, 5, tzinfo=UTC))
    '9 Nov 2026, 08:05 UTC'
    """
    return f"{time.day} {time:%b %Y, %H:%M} {time.tzname() or ''}".rstrip()
