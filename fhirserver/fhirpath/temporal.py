"""Dates and times with the precision that they are written with: comparing and shifting.

http://hl7.org/fhirpath/N1/#datetime
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from fhirserver.errors import Invalid

_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?"
    r"(Z|[+-]\d\d:\d\d)?)?"
)
_TIME: Final = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?")

FARTHEST_ZONE: Final = timedelta(hours=14)
"""A moment without a zone is at most this far from UTC."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Year, month, day, hour, minute, second (a time begins with the hour), as far as known.

    The second is a Decimal with its fraction; `zone` is minutes east of UTC, None if not given.
    """

    fields: tuple[int | Decimal, ...]
    zone: int | None = None
    is_time: bool = False

    @property
    def has_time(self) -> bool:
        """Whether it says more than the day."""
        return self.is_time or len(self.fields) > 3

    def __str__(self) -> str:
        texts = [_second(f) if isinstance(f, Decimal) else f"{f:02}" for f in self.fields]
        if self.is_time:
            return ":".join(texts)
        texts[0] = texts[0].zfill(4)
        date, time = "-".join(texts[:3]), ":".join(texts[3:])
        return f"{date}T{time}{zone_text(self.zone)}" if time else date


def zone_text(zone: int | None) -> str:
    """An offset as FHIR writes it: `+10:00`, `Z`, or nothing when not known."""
    if zone is None:
        return ""
    if zone == 0:
        return "Z"
    hours, minutes = divmod(abs(zone), 60)
    return f"{'-' if zone < 0 else '+'}{hours:02}:{minutes:02}"


def _second(second: Decimal) -> str:
    whole, point, fraction = f"{second:f}".partition(".")
    return whole.zfill(2) + point + fraction


@lru_cache(maxsize=4096)
def date(text: str) -> Moment | None:
    """A date, dateTime or instant; None if it isn't one.

    >>> date("2015-02").fields
    (2015, 2)
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    *numbers, second, zone = match.groups()
    fields: tuple[int | Decimal, ...] = tuple(int(n) for n in numbers if n is not None)
    if second is not None:
        fields += (Decimal(second),)
    moment = Moment(fields, _zone(zone))
    return moment if _is_real(moment) else None


@lru_cache(maxsize=1024)
def time(text: str) -> Moment | None:
    """A time of day; None if it isn't one."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = match.groups()
    fields: tuple[int | Decimal, ...] = tuple(int(n) for n in (hour, minute) if n is not None)
    if second is not None:
        fields += (Decimal(second),)
    moment = Moment(fields, is_time=True)
    return moment if _is_real(moment) else None


def _zone(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def _is_real(moment: Moment) -> bool:
    try:
        earliest(moment)
    except ValueError:
        return False
    return True


def earliest(moment: Moment) -> datetime:
    """The earliest point of a moment, without its zone."""
    fields = moment.fields
    if moment.is_time:
        fields = (2000, 1, 1, *fields)
    known = [int(f) for f in fields[:5]]
    year, month, day, hour, minute = (*known, *(0, 1, 1, 0, 0)[len(known) :])
    second = fields[5] if len(fields) > 5 else Decimal(0)
    microseconds = int(second * 1_000_000)
    if microseconds >= 60_000_000:
        raise ValueError(second)
    start = datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the zone is kept apart
    return start + timedelta(microseconds=microseconds)


def compare(one: Moment, other: Moment) -> int | None:
    """-1, 0 or 1; None if the precision or a missing zone leaves it open.

    http://hl7.org/fhirpath/N1/#datetime-equality
    """
    if one.has_time and other.has_time:
        if (one.zone is None) != (other.zone is None):
            return _far_apart(one, other)
        if one.zone != other.zone:
            one, other = in_utc(one), in_utc(other)
    for mine, yours in zip(one.fields, other.fields, strict=False):
        if mine != yours:
            return -1 if mine < yours else 1
    return 0 if len(one.fields) == len(other.fields) else None


def _far_apart(one: Moment, other: Moment) -> int | None:
    """The order if it holds whatever the missing zone is."""
    difference = earliest(in_utc(one)) - earliest(in_utc(other))
    if abs(difference) <= FARTHEST_ZONE + timedelta(hours=1):
        return None
    return -1 if difference < timedelta() else 1


def in_utc(moment: Moment) -> Moment:
    """The same moment in UTC, if its zone is known."""
    if not moment.zone:
        return moment
    return replace(add(moment, Decimal(-moment.zone), "minute"), zone=0)


def add(moment: Moment, amount: Decimal, unit: str) -> Moment:
    """A moment some calendar units later; a day that the month lacks becomes its last.

    What is finer than the moment's precision is dropped, as is the fraction of the amount.
    http://hl7.org/fhirpath/N1/#datetime-arithmetic
    """
    whole = int(amount)
    if unit == "week":
        whole, unit = whole * 7, "day"
    if unit in {"year", "month"} and not moment.is_time:
        return _add_months(moment, whole * (12 if unit == "year" else 1))
    if not moment.has_time and len(moment.fields) < 3:
        whole, unit = _coarser(whole, unit, len(moment.fields))
        return _add_months(moment, whole * (12 if unit == "year" else 1))
    seconds = whole * _SECONDS[unit]
    if not moment.has_time:
        seconds -= seconds % 86_400
    return _add_seconds(moment, seconds)


_SECONDS: Final = {
    "day": Decimal(86_400),
    "hour": Decimal(3600),
    "minute": Decimal(60),
    "second": Decimal(1),
    "millisecond": Decimal("0.001"),
}


def _coarser(amount: int, unit: str, precision: int) -> tuple[int, str]:
    """The amount in months or years, for a moment that knows no days."""
    days = int(amount * _SECONDS[unit] / 86_400)
    return (int(days / 365), "year") if precision == 1 else (int(days / 30), "month")


def _add_months(moment: Moment, months: int) -> Moment:
    fields = list(moment.fields)
    if len(fields) == 1:
        fields[0] += int(months / 12)
    else:
        year, month = divmod(int(fields[0]) * 12 + int(fields[1]) - 1 + months, 12)
        fields[:2] = [year, month + 1]
    if not 1 <= fields[0] <= 9999:
        raise Invalid("FHIRPath: the date is out of range")
    if len(fields) > 2:
        last = calendar.monthrange(int(fields[0]), int(fields[1]))[1]
        fields[2] = min(fields[2], last)
    return replace(moment, fields=tuple(fields))


def _add_seconds(moment: Moment, seconds: Decimal) -> Moment:
    fraction = moment.fields[-1] % 1 if isinstance(moment.fields[-1], Decimal) else Decimal(0)
    start = earliest(moment).replace(microsecond=0)
    total = fraction + seconds
    whole = total // 1
    if whole > total:
        whole -= 1
    try:
        moved = start + timedelta(seconds=int(whole))
    except OverflowError as error:
        raise Invalid("FHIRPath: the date is out of range") from error
    second = Decimal(moved.second) + (total - whole)
    every: tuple[int | Decimal, ...] = (
        moved.year,
        moved.month,
        moved.day,
        moved.hour,
        moved.minute,
        _as_precise(second, moment.fields[-1]),
    )
    if moment.is_time:
        every = every[3:]
    return replace(moment, fields=every[: len(moment.fields)])


def _as_precise(second: Decimal, before: int | Decimal) -> Decimal:
    """A second with as many places as before, or with milliseconds if it needs them."""
    places = -int(Decimal(before).as_tuple().exponent)
    return second.quantize(Decimal(1).scaleb(-max(places, 3 if second % 1 else 0)))
