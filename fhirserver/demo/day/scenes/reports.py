"""The bed board twice a shift, and the figures of the day as a report: FHIR, CSV and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fhirserver.demo.day.event import Deed, Event, House
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift, minutes
from fhirserver.demo.fhir import Resource
from fhirserver.demo.identity import uuid
from fhirserver.demo.moment import day

BOARDS: Final = (52.0, 420.0)
REPORTS: Final = (76.0, 705.0)
MEASURES: Final = ("occupancy", "admissions", "alert-response")
FORMATS: Final = ("csv", "pdf")
SHOWN: Final = ("Emergency Department", "Intensive Care Unit", "Medical Ward", "Surgical Ward")


@scenes.register("reports")
def reports(seed: int, shift: Shift) -> Sequence[Event]:
    """What the bed manager looks at."""
    found = [
        Event(shift.start + minutes(m), f"{shift.number}/board/{m:.0f}", _board) for m in BOARDS
    ]
    for minute in REPORTS:
        at = shift.start + minutes(minute)
        for measure in MEASURES:
            key = f"{shift.number}/report/{measure}/{minute:.0f}"
            found.append(_report(at, key, uuid(f"{seed}/day/{key}"), measure))
    return found


def _board(house: House) -> Deed:
    found = house.operate("Location/$occupancy")
    words = []
    for part in found.get("parameter", ()):
        given = {p["name"]: p for p in part.get("part", ())}
        name = given.get("location", {}).get("valueReference", {}).get("display")
        if part["name"] == "ward" and name in SHOWN:
            taken, beds = (_number(given[k]) for k in ("occupied", "beds"))
            words.append(f"{name} {taken} of {beds}")
    return Deed(f"occupied beds: {', '.join(words)}")


def _number(part: Resource) -> int:
    return next(int(v) for k, v in part.items() if k.startswith("value"))


def _report(at: datetime, key: str, id_: str, measure: str) -> Event:
    def act(house: House) -> Deed:
        stored = house.read("MeasureReport", id_)
        if stored is None:
            made: Resource = house.operate(
                "Measure/$evaluate-measure", measure=measure, periodStart=day(at),
                periodEnd=day(at),
            )  # fmt: skip
            house.write({**made, "id": id_})
        files = {
            f"{at:%Y-%m-%d-%H%M}-{measure}.{kind}": house.file(
                f"MeasureReport/{id_}/$table", _format=kind
            )
            for kind in FORMATS
        }
        return Deed(f"report: {measure} of {day(at)}, as CSV and PDF", (),
                    files)  # fmt: skip

    return Event(at, key, act)
