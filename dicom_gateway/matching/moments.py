"""A date and its time as one moment, and the same moment in another zone."""

from __future__ import annotations

from datetime import datetime, tzinfo

from dicom_gateway.matching.ranges import Between


def meets(days: Between, hours: Between | None, date: str, time: str) -> bool:
    """Whether a moment lies in a range that begins on a day at a time and ends on one at one.

    A single time is asked of every day, and so is a range of times on a single day.
    """
    if not days.meets(date):
        return False
    if hours is None:
        return True
    if not (days.is_range and hours.is_range):
        return hours.meets(time)
    # Of what has no time only the day is known.
    return not time or (days.first + hours.first <= date + time <= days.last + hours.last)


def shifted(date: str, time: str, of: tzinfo | None, to: tzinfo) -> tuple[str, str]:
    """A moment as the clocks of another zone show it; a day of which no time is known stays.

    >>> from datetime import timedelta, timezone
    >>> shifted("20260701", "233000000000", timezone.utc, timezone(timedelta(hours=2)))
    ('20260702', '013000000000')
    """
    if of is None or not date or not time:
        return date, time
    try:
        moment = datetime.strptime(date + time, "%Y%m%d%H%M%S%f").replace(tzinfo=of).astimezone(to)
    except (ValueError, OverflowError):
        return date, time
    return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S%f")
