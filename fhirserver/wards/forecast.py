"""How many beds will be occupied: from planned discharges and arrivals.

R4 has no place for a planned discharge. R5 has `Encounter.plannedEndDate`, which HL7 defines as an
extension for R4; that is what is read, or an end of the period that lies ahead.

https://hl7.org/fhir/R5/encounter-definitions.html#Encounter.plannedEndDate
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fhirserver.fhirpath import temporal
from fhirserver.model.resource import Resource
from fhirserver.wards.moves import GOING_ON

PLANNED_START: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate"
)
PLANNED_END: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate"
)
_WILL_BE: Final = frozenset({"planned", "reserved", "active"})


@dataclass(frozen=True, slots=True)
class Day:
    """What is expected of a day; `occupied` at its end."""

    date: date
    discharges: int
    arrivals: int
    occupied: int


def forecast(
    occupied: int,
    beds: int,
    encounters: Iterable[Resource],
    now: datetime,
    zone: ZoneInfo,
    days: int,
) -> list[Day]:
    """The coming days, today first. Who should have left already leaves today."""
    today = now.astimezone(zone).date()
    last = today + timedelta(days=days - 1)
    leaving: dict[date, int] = {}
    coming: dict[date, int] = {}
    for one in encounters:
        if one.get("status") in GOING_ON:
            planned, counts = planned_end(one, now), leaving
        elif one.get("status") == "planned":
            planned, counts = planned_start(one), coming
        else:
            continue
        if planned is not None:
            day = max(planned.astimezone(zone).date(), today)
            counts[day] = counts.get(day, 0) + 1
    found = []
    day = today
    while day <= last:
        occupied += coming.get(day, 0) - leaving.get(day, 0)
        found.append(Day(day, leaving.get(day, 0), coming.get(day, 0), min(max(occupied, 0), beds)))
        day += timedelta(days=1)
    return found


def planned_end(encounter: Resource, now: datetime) -> datetime | None:
    """When a patient is to leave, as far as somebody has said so."""
    said = _moment(_extension(encounter, PLANNED_END))
    if said is not None:
        return said
    end = _moment(encounter.get("period", {}).get("end"))
    return end if end is not None and end > now else None


def planned_start(encounter: Resource) -> datetime | None:
    """When a patient is to come."""
    return _moment(_extension(encounter, PLANNED_START)) or _moment(
        encounter.get("period", {}).get("start")
    )


def will_be_at(encounter: Resource) -> frozenset[str]:
    """The places of a planned encounter."""
    return frozenset(
        one["location"]["reference"]
        for one in encounter.get("location", ())
        if one.get("status", "planned") in _WILL_BE and one.get("location", {}).get("reference")
    )


def _extension(encounter: Resource, url: str) -> str | None:
    return next(
        (e.get("valueDateTime") for e in encounter.get("extension", ()) if e.get("url") == url),
        None,
    )


def _moment(text: str | None) -> datetime | None:
    moment = temporal.date(text) if text else None
    if moment is None:
        return None
    zone = ZoneInfo("UTC")
    return temporal.earliest(temporal.in_utc(moment)).replace(tzinfo=zone)
