"""Stretches of time in microseconds since 1970 UTC, as care and consent have them."""

from __future__ import annotations

from typing import Any, Final

from fhirserver.search.index import EARLIEST, LATEST
from fhirserver.search.site import Site
from fhirserver.search.types.date import Range, range_of

ALWAYS: Final[Range] = (EARLIEST, LATEST)
DAY: Final = 86_400_000_000


def period(value: Any, site: Site) -> Range:
    """A Period; what has no beginning or no end has none here."""
    return (range_of("Period", value, site) if value else None) or ALWAYS


def moment(value: Any, site: Site) -> Range | None:
    """A date or time of any precision."""
    return range_of("dateTime", value, site) if value else None


def within(first: Range, second: Range) -> Range | None:
    """The time that both have in common."""
    low, high = max(first[0], second[0]), min(first[1], second[1])
    return (low, high) if low < high else None


def widened(when: Range, *, before: int = 0, after: int = 0) -> Range:
    """The time with some days more at either end.

    >>> widened((0, DAY), before=1, after=2) == (-DAY, 3 * DAY)
    True
    """
    low, high = when
    return (
        low if low <= EARLIEST else low - before * DAY,
        high if high >= LATEST else high + after * DAY,
    )
