"""Appointments as a calendar of iCalendar: when and where, and nothing of who or why.

Calendars are copied to telephones and shared; who may know more follows the address of the event.
https://www.rfc-editor.org/rfc/rfc5545
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final

from fhirserver.model.resource import Resource
from fhirserver.scheduling.times import moment

if TYPE_CHECKING:
    from icalendar import Event

MEDIA_TYPE: Final = "text/calendar"
_STATUS: Final = {
    "proposed": "TENTATIVE",
    "pending": "TENTATIVE",
    "booked": "CONFIRMED",
    "arrived": "CONFIRMED",
    "checked-in": "CONFIRMED",
    "fulfilled": "CONFIRMED",
    "cancelled": "CANCELLED",
    "noshow": "CANCELLED",
    "entered-in-error": "CANCELLED",
}
SHOWN: Final = tuple(_STATUS)
"""The status that an appointment of a calendar has."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An appointment with the name of its place and the zone there."""

    appointment: Resource
    place: str
    zone: tzinfo


def calendar(entries: Iterable[Entry], *, base: str, name: str) -> bytes:
    """The calendar, with the rules of each zone that it names.

    `base` is the FHIR base, `name` what programs call the calendar.
    """
    from icalendar import Calendar  # noqa: PLC0415 - 120 modules that few requests need

    made = Calendar()
    made.add("prodid", "-//fhirserver//scheduling//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    for entry in entries:
        if "start" in entry.appointment and "end" in entry.appointment:
            made.add_component(_event(entry, base))
    made.add_missing_timezones()
    return bytes(made.to_ical())


def _event(entry: Entry, base: str) -> Event:
    from icalendar import Event  # noqa: PLC0415 - as above

    appointment = entry.appointment
    meta = appointment["meta"]
    event = Event()
    # An appointment that is moved or cancelled keeps its UID, so that calendars follow.
    event.add("uid", f"{base}/Appointment/{appointment['id']}")
    event.add("sequence", int(meta["versionId"]))
    event.add("dtstamp", moment(meta["lastUpdated"]).astimezone(UTC))
    event.add("dtstart", moment(appointment["start"]).astimezone(entry.zone))
    event.add("dtend", moment(appointment["end"]).astimezone(entry.zone))
    event.add("summary", "Appointment")
    event.add("status", _STATUS[appointment["status"]])
    event.add("class", "PRIVATE")
    event.add("url", f"{base}/Appointment/{appointment['id']}")
    if entry.place:
        event.add("location", entry.place)
    return event
