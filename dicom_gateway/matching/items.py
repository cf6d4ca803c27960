"""The keys of a query together: an item meets them if it meets each (PS3.4 C.2.2.2).

A date and a time that belong together are one moment where the service says so: from July 5 at
10 until July 7 at 18, not from 10 to 18 on each of the days (C.2.2.2.5, K.6.1.2, PS3.18 8.3.4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from typing import Any, Final

from dicom_gateway.matching.moments import meets as moment_meets
from dicom_gateway.matching.moments import shifted
from dicom_gateway.matching.ranges import Between, between, written
from dicom_gateway.matching.values import asking
from fhirserver import clock

Item = Mapping[str, Any]
Meets = Callable[[Item], bool]

PAIRS: Final[Mapping[str, str]] = {
    "00080020": "00080030",  # Study
    "00080021": "00080031",  # Series
    "00080022": "00080032",  # Acquisition
    "00080023": "00080033",  # Content
    "00080012": "00080013",  # Instance Creation
    "00400002": "00400003",  # Scheduled Procedure Step Start
    "00400004": "00400005",  # Scheduled Procedure Step End
    "00400244": "00400245",  # Performed Procedure Step Start
    "00400250": "00400251",  # Performed Procedure Step End
}
TIMEZONE: Final = "00080201"
NO_KEYS: Final = frozenset(
    {
        "00080005",  # Specific Character Set
        "00080052",  # Query/Retrieve Level
        "00080053",  # Query/Retrieve View
        "00080054",  # Retrieve AE Title
        "00080056",  # Instance Availability
        TIMEZONE,
    }
)
"""What a query carries, but nothing is compared with."""
_NOTHING: Final[Item] = {}
_LONGEST_OFFSET: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class How:
    """What was agreed on for a query (PS3.4 C.5.1.1).

    is_combined     a date and its time are one moment
    is_fuzzy        names match by the beginnings of their words (C.2.2.2.1.2 leaves it to us)
    zone            the offset of the dates and times of the query; None: not to be minded
    home            the zone of items that name none
    """

    is_combined: bool = False
    is_fuzzy: bool = False
    zone: tzinfo | None = None
    home: tzinfo | None = None


def matches(keys: Item, item: Item, how: How | None = None) -> bool:
    """Whether an item meets the keys; for many items make `matching` once."""
    return matching(keys, how)(item)


def matching(keys: Item, how: How | None = None) -> Meets:
    """The question that keys ask of each item. Raises ValueError for keys that can't be read."""
    how = how or How()
    left = {t: e for t, e in keys.items() if t not in NO_KEYS and is_asked(e)}
    asked: list[Meets] = []
    for date, time in PAIRS.items():
        if date in left and (how.zone is not None or (how.is_combined and time in left)):
            # A time of no day can't be moved to another zone, so it takes a date.
            asked.append(_moment(date, left.pop(date), time, left.pop(time, None), how))
    for tag, element in left.items():
        make = _sequence if element.get("vr") == "SQ" else _value
        asked.append(make(tag, element, how))
    if len(asked) == 1:
        return asked[0]
    return lambda item: all(meets(item) for meets in asked)


def is_asked(element: Mapping[str, Any]) -> bool:
    """Whether an element is a key to match: what is empty matches all (C.2.2.2.3)."""
    values = element.get("Value") or ()
    if element.get("vr") == "SQ":
        return any(is_asked(e) for item in values[:1] for e in item.values())
    return any(v not in (None, "", {}) for v in values)


def first(item: Item, tag: str) -> str:
    """The first value of an attribute as a text; empty where there is none."""
    values = (item.get(tag) or _NOTHING).get("Value") or ("",)
    return "" if values[0] is None else str(values[0])


def zone_of(item: Item, home: tzinfo | None = None) -> tzinfo | None:
    """Timezone Offset From UTC of an item or a query, +HHMM or -HHMM; else `home`.

    >>> zone_of({"00080201": {"vr": "SH", "Value": ["+0130"]}})
    datetime.timezone(datetime.timedelta(seconds=5400))
    """
    text = first(item, TIMEZONE).strip()
    sign, digits = text[:1], text[1:]
    if sign not in {"+", "-"} or len(digits) != 4 or not (digits.isascii() and digits.isdigit()):
        return home
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset > _LONGEST_OFFSET:
        return home
    return timezone(offset if sign == "+" else -offset)


def in_zone(item: Item, to: tzinfo, home: tzinfo | None = None) -> dict[str, Any]:
    """An item with the moments of its dates and times in another zone (PS3.4 C.5.1.1.5)."""
    own = zone_of(item, home)
    moved: dict[str, Any] = dict(item)
    for date, time in PAIRS.items():
        if date in item and time in item:
            day, hour = written("DA", first(item, date)), written("TM", first(item, time))
            day, hour = shifted(day, hour, own, to)
            if day and hour:
                moved[date] = {"vr": "DA", "Value": [day]}
                moved[time] = {"vr": "TM", "Value": [f"{hour[:6]}.{hour[6:]}"]}
    offset = clock.now().astimezone(to).strftime("%z")
    return moved | {TIMEZONE: {"vr": "SH", "Value": [offset]}}


def _value(tag: str, element: Mapping[str, Any], how: How) -> Meets:
    test = asking(str(element.get("vr")), element["Value"], is_fuzzy=how.is_fuzzy)

    def meets(item: Item) -> bool:
        values = (item.get(tag) or _NOTHING).get("Value")
        # One of several values will do; none at all is an empty one, which "*" meets.
        return any(map(test, values)) if values else test("")

    return meets


def _sequence(tag: str, element: Mapping[str, Any], how: How) -> Meets:
    inner = matching(element["Value"][0], how)

    def meets(item: Item) -> bool:
        """One of the items meets all keys (C.2.2.2.6)."""
        return any(map(inner, (item.get(tag) or _NOTHING).get("Value") or (_NOTHING,)))

    return meets


def _moment(
    date: str, days: Mapping[str, Any], time: str, hours: Mapping[str, Any] | None, how: How
) -> Meets:
    asked_days = _between(days, "DA")
    asked_hours = None if hours is None else _between(hours, "TM")

    def meets(item: Item) -> bool:
        day, hour = written("DA", first(item, date)), written("TM", first(item, time))
        if how.zone is not None:
            day, hour = shifted(day, hour, zone_of(item, how.home), how.zone)
        if how.is_combined or asked_hours is None:
            return moment_meets(asked_days, asked_hours, day, hour)
        return asked_days.meets(day) and asked_hours.meets(hour)

    return meets


def _between(element: Mapping[str, Any], vr: str) -> Between:
    values = element["Value"]
    if len(values) != 1:
        raise ValueError("a date or time must be one value or one range")
    return between(vr, str(values[0]))
