"""Working hours and leave, as PractitionerRole, HealthcareService and Location tell them.

https://hl7.org/fhir/R4/practitionerrole-definitions.html#PractitionerRole.availableTime
https://hl7.org/fhir/R4/location-definitions.html#Location.hoursOfOperation
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from fhirserver.errors import Unprocessable
from fhirserver.model.resource import Resource
from fhirserver.scheduling.times import Span, end_of, first_of, joined, on_the_clock, without

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""https://hl7.org/fhir/R4/valueset-days-of-week.html"""
TIME_ZONE: Final = "http://hl7.org/fhir/StructureDefinition/timezone"
"""https://hl7.org/fhir/extensions/StructureDefinition-timezone.html"""
_ALWAYS: Final = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_NAMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "Location": ("hoursOfOperation", "openingTime", "closingTime"),
}
_USUAL: Final = ("availableTime", "availableStartTime", "availableEndTime")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Some days of the week from one time to another; to one that isn't later, over midnight."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody works or something is open: on which days, within what time, but for leave."""

    weekly: tuple[Weekly, ...]
    leave: tuple[Span, ...] = ()
    during: Span = _ALWAYS

    def between(self, first: date, last: date, zone: tzinfo) -> list[Span]:
        """The stretches that begin on these days, the last one included."""
        found = []
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            for weekly in self.weekly:
                if day.weekday() in weekly.days:
                    until = day if weekly.end > weekly.start else day + timedelta(days=1)
                    start = on_the_clock(day, weekly.start, zone)
                    found.append(Span(start, on_the_clock(until, weekly.end, zone, is_end=True)))
        limited = [
            Span(max(s.start, self.during.start), min(s.end, self.during.end)) for s in found
        ]
        return without(joined(limited), self.leave)


def hours_of(resource: Resource, zone: tzinfo) -> Hours | None:
    """The hours that a resource tells; None when it tells none and so limits nothing.

    A role that isn't active has no hours at all.
    """
    name, opens, closes = _NAMES.get(resource["resourceType"], _USUAL)
    leave = tuple(
        Span(
            first_of(during["start"], zone) if "start" in during else _ALWAYS.start,
            end_of(during["end"], zone) if "end" in during else _ALWAYS.end,
        )
        for absent in resource.get("notAvailable", ())
        if (during := absent.get("during"))
    )
    if resource.get("active") is False:
        return Hours(())
    told = resource.get(name, ())
    if not told and not leave and "period" not in resource:
        return None
    weekly = tuple(_weekly(each, opens, closes) for each in told) or _WHOLE_WEEK
    return Hours(weekly, leave, _during(resource.get("period", {}), zone))


_WHOLE_WEEK: Final = (Weekly(frozenset(range(7)), time(), time()),)


def _weekly(told: Mapping[str, Any], opens: str, closes: str) -> Weekly:
    days = frozenset(DAYS.index(d) for d in told.get("daysOfWeek", DAYS))
    if told.get("allDay"):
        return Weekly(days, time(), time())
    return Weekly(days, _time(told.get(opens)), _time(told.get(closes)))


def _time(text: str | None) -> time:
    return time() if text is None else time.fromisoformat(text)


def _during(period: Mapping[str, str], zone: tzinfo) -> Span:
    return Span(
        first_of(period["start"], zone) if "start" in period else _ALWAYS.start,
        end_of(period["end"], zone) if "end" in period else _ALWAYS.end,
    )


def zone_of(resources: Iterable[Resource], otherwise: tzinfo) -> tzinfo:
    """The zone that one of the resources says it is in, the first one first."""
    for resource in resources:
        for extension in resource.get("extension", ()):
            if extension.get("url") == TIME_ZONE:
                try:
                    return ZoneInfo(str(extension.get("valueCode", "")))
                except (ValueError, OSError, KeyError) as error:
                    raise Unprocessable(
                        f"{resource['resourceType']}/{resource.get('id')} names a time zone that "
                        "nobody knows: it takes one of IANA's, such as Europe/Vienna"
                    ) from error
    return otherwise
