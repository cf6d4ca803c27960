"""The bed board: which bed of a ward is free, and which waits for housekeeping."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.day.event import Deed, Event, House
from fhirserver.demo.fhir import HL7, Resource, coding
from fhirserver.demo.hospital.directory import Directory
from fhirserver.demo.hospital.premises import FREE, beds

STATE: Final = "operationalStatus"
DIRTY: Final = ("H", "K")
"""Housekeeping, contaminated."""
GOING_ON: Final = "arrived,triaged,in-progress,onleave"


def free_bed(house: House, where: Directory, ward: str) -> Resource | None:
    """The first free bed of a ward; a bed that somebody is in by now doesn't count."""
    free = {b["id"] for b in _board(house, where, [ward], FREE[0])}
    for bed in where.beds[ward]:
        id_ = bed["reference"].partition("/")[2]
        if id_ in free and not _is_taken(house, bed["reference"]):
            return bed
    return None


def cleaning(at: datetime, key: str, where: Directory) -> Event:
    """Housekeeping cleans the bed that has waited longest, if there is one."""
    wards = [w["key"] for w in table("premises")["wards"] if beds(w["key"])]

    def act(house: House) -> Deed:
        found = [b for code in DIRTY for b in _board(house, where, wards, code)]
        for bed in sorted(found, key=lambda b: str(b["meta"]["lastUpdated"])):
            if not _is_taken(house, f"Location/{bed['id']}"):
                clean = bed | {STATE: coding(HL7 + "v2-0116", *FREE)}
                return Deed(f"bed cleaned: {bed['name']}", [clean])
        return Deed()

    return Event(at, key, act)


def _board(house: House, where: Directory, wards: list[str], code: str) -> list[Resource]:
    keys = [b["reference"].partition("/")[2] for w in wards for b in where.beds[w]]
    found = house.search(
        "Location", _id=",".join(keys), operational_status=code, _count=str(len(keys))
    )
    return [b for b in found if b.get("status") == "active"]


def _is_taken(house: House, bed: str) -> bool:
    found = house.search("Encounter", location=bed, status=GOING_ON)
    return any(
        p["location"]["reference"] == bed and p.get("status") == "active"
        for e in found for p in e.get("location", ())
    )  # fmt: skip
