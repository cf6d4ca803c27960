"""Instants and stretches of time.

https://hl7.org/fhir/R4/datatypes.html#instant
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from fhirserver.errors import Invalid

_YEAR: Final = 4
_MONTH: Final = 7
_DAY: Final = 10
_DECEMBER: Final = 12


class Span(NamedTuple):
    """A stretch of time: `end` isn't in it any more. Both have a zone."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def moment(text: str) -> datetime:
    """The time that an instant, or a dateTime with a zone, tells.

    >>> moment("2026-03-29T08:00:00+02:00").astimezone(UTC).hour
    6
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("a time must be written as 2026-03-29T08:00:00+02:00") from error
    if found.tzinfo is None:
        raise Invalid("a time must say its zone, as in 2026-03-29T08:00:00+02:00")
    return found


def written(when: datetime, zone: tzinfo) -> str:
    """An instant as the clock on the wall shows it there."""
    return when.astimezone(zone).isoformat(timespec="seconds")


def on_the_clock(day: date, at: time, zone: tzinfo, *, is_end: bool = False) -> datetime:
    """When the clock on the wall shows this, as UTC.

    What it shows twice (the hour that comes again in autumn) is the first time for what begins, and
    the last for what ends. What it never shows (the hour left out in spring) is as long after
    midnight as it says.
    """
    return datetime.combine(day, at, zone).replace(fold=1 if is_end else 0).astimezone(UTC)


def first_of(text: str, zone: tzinfo) -> datetime:
    """When a dateTime of any precision begins."""
    if len(text) > _DAY:
        return moment(text).astimezone(UTC)
    return on_the_clock(_day(text), time(), zone)


def end_of(text: str, zone: tzinfo) -> datetime:
    """When it is over: a Period's end is in the period, so a day counts until midnight.

    https://hl7.org/fhir/R4/datatypes.html#Period
    """
    if len(text) > _DAY:
        return moment(text).astimezone(UTC)
    first = _day(text)
    if len(text) == _YEAR:
        after = date(first.year + 1, 1, 1)
    elif len(text) == _MONTH:
        after = (
            date(first.year + 1, 1, 1)
            if first.month == _DECEMBER
            else date(first.year, first.month + 1, 1)
        )
    else:
        after = first + timedelta(days=1)
    return on_the_clock(after, time(), zone)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text + "-01-01"[len(text) - _YEAR :])
    except ValueError as error:
        raise Invalid("a date must be written as 2026-03-29") from error


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few stretches as possible, in order."""
    found: list[Span] = []
    for span in sorted(s for s in spans if s.start < s.end):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def common(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """What is in both."""
    rest = list(other)
    return joined(
        Span(max(a.start, b.start), min(a.end, b.end)) for a in one for b in rest if a.overlaps(b)
    )


def without(spans: Iterable[Span], taken: Sequence[Span]) -> list[Span]:
    """What is left of the first when the second is taken away."""
    left = joined(spans)
    for gone in joined(taken):
        left = [part for span in left for part in _beside(span, gone) if part.start < part.end]
    return left


def _beside(span: Span, gone: Span) -> tuple[Span, ...]:
    if not span.overlaps(gone):
        return (span,)
    return Span(span.start, min(span.end, gone.start)), Span(max(span.start, gone.end), span.end)
