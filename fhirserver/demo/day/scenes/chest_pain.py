"""Chest pain in the second half of a shift: two troponins that stay low, and home.

Two measurements three hours apart: 2020 ESC Guidelines for acute coronary syndromes, section 3.3
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.demo.day import beds, ward
from fhirserver.demo.day.event import Event
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift
from fhirserver.demo.day.story import Role, course, story
from fhirserver.demo.day.visit import arrive, leave, register
from fhirserver.demo.history import Leg
from fhirserver.demo.record import treatment

COMES: Final = 388.0
POINTS: Final = {
    "troponin": ((0, 6),), "pain": ((388, 5), (450, 2), (600, 0)), "pulse": ((0, 82),),
    "systolic": ((0, 134),), "breaths": ((0, 16),), "saturation": ((0, 97.5),),
    "temperature": ((0, 36.6),),
}  # fmt: skip


@scenes.register("chest pain")
def chest_pain(seed: int, shift: Shift) -> Sequence[Event]:
    """One who is afraid of a heart attack, and has none."""
    role = Role("chest pain", 6, "chest-pain", "emergency", (38, 62))
    at = story(seed, shift, role, course(shift, POINTS), (Leg("emergency"),))
    register(at, COMES - 2)
    arrive(at, COMES, "emergency", "pressure in the chest", seen=COMES + 14)
    at.signs(COMES + 4)
    tracing = treatment.procedure(at.chart, at.contact, at.at(COMES + 6), "ecg")
    if tracing is not None:
        at.tell(COMES + 17, "ecg", f"ECG: {at.name}", tracing)
    line = f"result: {at.name}, troponin {{Troponin I, high sensitivity}}"
    at.tests(COMES + 15, "troponin", line)
    at.signs(COMES + 120)
    known = at.tests(COMES + 180, "troponin", line)
    ward.note(at, known + 12, "emergency", "No ECG changes, troponin low twice. Muscular pain "
              "likely. Cardiology clinic if it comes back.")  # fmt: skip
    leave(at, known + 25, "home, no heart attack")
    at.events.append(beds.cleaning(at.at(known + 50), at.key("bay after"), at.chart.house))
    return at.events
