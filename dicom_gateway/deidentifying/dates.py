"""Dates that are moved by days, so that intervals stay true (PS3.15 E.3.6)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

_DATE: Final = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})(.*)", re.DOTALL)
DUMMY: Final = {"DA": "19000101", "DT": "19000101000000", "TM": "000000"}


def moved(value: str, vr: str, days: int) -> str:
    """A date (DA) or date and time (DT) so many days later; a time (TM) as it is. What is no whole
    date, or leaves the calendar, becomes empty: a year alone can't be moved by days.

    >>> moved("20260301", "DA", -1), moved("20260301113000.5+0100", "DT", -1), moved("26", "DA", 1)
    ('20260228', '20260228113000.5+0100', '')
    """
    value = value.strip("\0 ")
    if vr == "TM":
        return value if re.fullmatch(r"[\d:.]{2,16}", value) else ""
    found = _DATE.fullmatch(value)
    if found is None or (vr == "DA" and found[4]) or not re.fullmatch(r"[\d.+-]*", found[4]):
        return ""
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])) + timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return f"{day:%Y%m%d}{found[4]}" if day.year >= 1000 else ""
