"""Breathless: better at first, then worse on the ward, to intensive care, home on the third day.

By day it is pneumonia, by night a decompensated heart. The early warning score (NEWS2, Royal
College of Physicians 2017) is high at the door, low with oxygen, and rises again on the ward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.day import alarms, beds, ward
from fhirserver.demo.day.event import Event
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift
from fhirserver.demo.day.story import Role, Story, course, story
from fhirserver.demo.day.visit import arrive, leave, move, register
from fhirserver.demo.history import Leg

HOURS: Final = 60.0
TO_WARD, TO_ICU, BACK, HOME = 150.0, 362.0, 28 * HOURS, 66 * HOURS
SIGNS: Final = {
    "breaths": ((0, 27), (30, 26), (60, 21), (150, 19), (240, 18.6), (285, 19.2), (330, 27),
                (420, 23), (900, 20), (2000, 17)),
    "saturation": ((0, 89), (30, 90), (60, 94.5), (240, 94.5), (285, 93), (330, 89.4),
                   (420, 93), (720, 93), (960, 94.5), (1200, 95), (2400, 97)),
    "oxygen": ((0, 0), (9, 0), (10, 4), (240, 3), (300, 3), (330, 8), (420, 12), (1200, 4),
               (2400, 0)),
    "pulse": ((0, 118), (60, 100), (150, 88), (240, 86), (285, 95), (330, 116), (420, 104),
              (1200, 88), (3000, 78)),
    "systolic": ((0, 106), (60, 116), (240, 124), (330, 105), (420, 114), (1200, 122)),
    "diastolic": ((0, 62), (240, 70), (330, 60), (1200, 72)),
    "pain": ((0, 3), (1200, 1)),
}  # fmt: skip
FEVER: Final = {
    "temperature": ((0, 39.2), (120, 38.0), (240, 37.7), (330, 38.6), (1200, 37.6), (3000, 36.8)),
    "wbc": ((0, 17.8), (3000, 9.2)), "crp": ((0, 196), (1200, 214), (3600, 62)),
    "lactate": ((0, 2.4), (400, 3.1), (1200, 1.3)), "sodium": ((0, 132), (2000, 138)),
    "neutrophils": ((0, 14.2), (3000, 6.1)),
}  # fmt: skip
HEART: Final = {
    "temperature": ((0, 36.8),), "bnp": ((0, 4200),), "crp": ((0, 9),),
    "lactate": ((0, 2.2), (400, 2.9), (1200, 1.2)), "sodium": ((0, 133), (2000, 137)),
}  # fmt: skip
ROUNDS: Final = (120.0, 200.0, 240.0)
INTENSIVE: Final = (420.0, 480.0, 600.0, 720.0, 960.0, 1200.0, 1440.0)
LATER: Final = (1800.0, 2160.0, 2520.0, 2880.0, 3240.0, 3600.0, 3900.0)


@scenes.register("deterioration")
def deterioration(seed: int, shift: Shift) -> Sequence[Event]:
    """The whole stay."""
    tests: tuple[str, ...]
    drugs: tuple[str, ...]
    if shift.is_night:
        role = Role("heart", 1, "heart-failure-acute", "medicine", (66, 84))
        points, tests = SIGNS | HEART, ("metabolic", "bnp", "lactate")
        drugs, why = ("furosemide-iv", "enoxaparin"), "breathless, legs swollen"
        first = "Crackles to the mid zones, oedema to the knees. Furosemide, oxygen."
    else:
        role = Role("pneumonia", 1, "pneumonia", "medicine", (62, 82))
        points, tests = SIGNS | FEVER, ("cbc", "metabolic", "inflammation", "lactate")
        drugs, why = ("ceftriaxone", "azithromycin", "enoxaparin"), "fever and short of breath"
        first = "Fever, cough, right basal crackles. Oxygen, cultures, antibiotics within the hour."
    legs = (Leg("emergency"), Leg("medical", TO_WARD / 1440))
    at = story(seed, shift, role, course(shift, points), legs)
    _emergency(at, why, first, tests)
    later = ward.on(at, "medicine")
    move(at, TO_WARD, "medical", "with oxygen", later.contact.doctor)
    ward.drugs(at, 45, drugs, HOME - 120)
    _worse(later)
    _better(at, later)
    return at.events


def _emergency(at: Story, why: str, first: str, tests: Sequence[str]) -> None:
    register(at, 2)
    arrive(at, 4, "emergency", why, seen=16, until=HOME)
    at.signs(8, line=f"triage: {at.name}, saturation low, breathing fast")
    alarms.raised(at, 10, "door")
    alarms.answered(at, 15, "door", 40)
    for panel in tests:
        at.tests(18, panel, f"result: {at.name}, {table('panels')[panel]['name'].lower()}")
    at.image(22, "chest-xray", f"result: chest X-ray of {at.name}")
    ward.note(at, 35, "emergency", first)
    at.signs(62)


def _worse(at: Story) -> None:
    for minute in ROUNDS:
        at.signs(minute)
    at.signs(285, line=f"vital signs: {at.name}, saturation is falling")
    alarms.raised(at, 287, "ward")
    alarms.answered(at, 294, "ward", 312)
    at.signs(330, line=f"vital signs: {at.name} is getting worse")
    alarms.raised(at, 332, "worse")
    alarms.answered(at, 336, "worse", 361)
    ward.note(at, 345, "progress", "Called for a rising early warning score. Tired, using "
              "accessory muscles. Intensive care agreed to take over.")  # fmt: skip


def _better(start: Story, medical: Story) -> None:
    icu = ward.on(start, "intensive")
    move(start, TO_ICU, "icu", "needs more oxygen than the ward can give", icu.contact.doctor)
    start.events.append(
        beds.cleaning(start.at(TO_ICU + 50), start.key("bed after icu"), start.chart.house)
    )
    for minute in INTENSIVE:
        icu.signs(minute)
    icu.tests(600, "metabolic")
    move(start, BACK, "medical", "off high-flow oxygen", medical.contact.doctor)
    for minute in LATER:
        medical.signs(minute)
    for hours in (24, 48):
        medical.tests(hours * HOURS + 30, "metabolic")
        ward.note(medical, hours * HOURS + 120, "progress", "Ward round: improving, oxygen is "
                  "being weaned, plan discussed.")  # fmt: skip
    ward.note(medical, HOME - 30, "discharge", "Better, walks to the bathroom without oxygen. "
              "Home today with a review in primary care in a week.")  # fmt: skip
    leave(medical, HOME, "home")
    start.events.append(
        beds.cleaning(start.at(HOME + 45), start.key("bed after"), start.chart.house)
    )
