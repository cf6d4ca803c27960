"""Doctors work through the alerts that the records of the loaded patients have raised.

Those of the patients of the day are left to their own scenes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from fhirserver import clock
from fhirserver.demo.day.alarms import OPEN, answer, is_alert
from fhirserver.demo.day.event import Act, Deed, Event, House
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift, minutes
from fhirserver.demo.day.story import PER_SHIFT, shown_patients
from fhirserver.demo.fhir import Resource

EVERY: Final = 24.0
FIRST: Final = 45.0
AT_ONCE: Final = 3
UNTOUCHED: Final = timedelta(seconds=40)
"""How long an alert stands before somebody takes it on, by the clock on the wall."""
BACK: Final = PER_SHIFT
"""So many shifts back there are patients of the day in the hospital."""


@scenes.register("answers")
def answers(seed: int, shift: Shift) -> Sequence[Event]:
    """Every twenty-four minutes somebody has time for three of them."""
    count = int((shift.end - shift.start) / minutes(EVERY)) - 2
    return [
        Event(
            shift.start + minutes(FIRST + number * EVERY),
            f"{shift.number}/answers/{number:02}",
            _round(seed, shift),
        )
        for number in range(count)
    ]


def _round(seed: int, shift: Shift) -> Act:
    ours = {
        f"Patient/{patient}"
        for number in range(shift.number - BACK, shift.number + 1)
        for patient in shown_patients(seed, Shift(number))
    }

    def act(house: House) -> Deed:
        begun = _others(house, "accepted", ours)[:AT_ONCE]
        new = [
            t for t in _others(house, OPEN, ours)
            if datetime.fromisoformat(t["authoredOn"]) < clock.now() - UNTOUCHED
        ][:AT_ONCE]  # fmt: skip
        done = [
            *(answer(t, "completed") for t in begun),
            *(answer(t, "accepted") for t in new),
        ]
        line = f"alerts answered: {len(new)} of patients who were here before" if new else None
        return Deed(line, done)

    return act


def _others(house: House, status: str, ours: set[str]) -> list[Resource]:
    found = house.search("Task", status=status, _sort="authored-on", _count="200")
    return [t for t in found if is_alert(t) and t["for"]["reference"] not in ours]
