"""A critical potassium that is answered at once: a kidney patient on two drugs that raise it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fhirserver.demo.day import alarms, beds, ward
from fhirserver.demo.day.event import Event
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift
from fhirserver.demo.day.story import Role, Story, course, story
from fhirserver.demo.day.visit import arrive, leave, register
from fhirserver.demo.history import Course, Leg
from fhirserver.demo.moment import DAY
from fhirserver.demo.record import medication

HOME: Final = 27 * 60.0
POINTS: Final = {
    "potassium": ((0, 6.9), (120, 6.9), (250, 5.8), (620, 5.0), (1440, 4.6)),
    "creatinine": ((0, 2.9), (1440, 2.7)), "urea": ((0, 66), (1440, 58)),
    "bicarbonate": ((0, 17), (1440, 21)), "sodium": ((0, 136),),
    "pulse": ((0, 58), (200, 66)), "systolic": ((0, 132),), "saturation": ((0, 97),),
    "breaths": ((0, 17),), "temperature": ((0, 36.7),),
}  # fmt: skip
HOME_DRUGS: Final = ("lisinopril", "spironolactone")
ATTENDING: Final = "doctor-medicine-1"
"""The one who signs in as `doctor`."""


@scenes.register("potassium")
def potassium(seed: int, shift: Shift) -> Sequence[Event]:
    """Sent in by the general practitioner, watched for a day."""
    role = Role("potassium", 2, "ckd-4", "medicine", (58, 78))
    at = story(seed, shift, role, course(shift, POINTS), (Leg("medical"),))
    at = ward.on(at, "medicine", at.chart.house.people[ATTENDING])
    register(at, 18)
    arrive(at, 20, "medical", "weak and tired, sent in by the GP", seen=27, until=HOME)
    at.signs(24)
    at.tests(28, "cbc")
    minute = at.tests(30, "metabolic", f"result: {at.name}, POTASSIUM {{Potassium}}")
    _medicines_at_home(at, minute + 12)
    alarms.raised(at, minute + 1, "potassium")
    alarms.answered(at, minute + 9, "potassium", minute + 50)
    ward.drugs(at, minute + 14, ("albuterol-neb", "furosemide-iv"), minute + 600)
    ward.note(at, minute + 30, "progress", "Hyperkalaemia: ECG with peaked T waves, monitor. "
              "Calcium, insulin with dextrose and salbutamol given. Lisinopril and spironolactone "
              "on hold.")  # fmt: skip
    for later in (120.0, 240.0, 480.0, 960.0, 1320.0, 1560.0):
        at.signs(later)
    at.tests(240, "metabolic", f"result: {at.name}, potassium {{Potassium}}")
    at.tests(600, "metabolic")
    at.tests(1400, "metabolic", f"result: {at.name}, potassium {{Potassium}}")
    ward.note(at, HOME - 40, "discharge", "Potassium normal. Spironolactone stopped, lisinopril "
              "paused. Blood test in three days.")  # fmt: skip
    leave(at, HOME, "home without the two drugs")
    at.events.append(beds.cleaning(at.at(HOME + 40), at.key("bed after"), at.chart.house))
    return at.events


def _medicines_at_home(at: Story, held_at: float) -> None:
    """What they take at home, which is put on hold when the result is there."""
    chart = replace(at.chart, end=at.shift.start)
    made = [
        r for key in HOME_DRUGS
        for r in medication.course(chart, Course(key, chart.end - DAY * 80), [])
    ]  # fmt: skip
    at.tell(19, "medicines at home", None, *made)
    orders = [r for r in made if r["resourceType"] == "MedicationRequest"]
    held = [{**r, "status": "on-hold"} for r in orders]
    at.tell(held_at, "on hold", f"prescription: {at.name}, lisinopril and spironolactone on hold",
            *held)  # fmt: skip
