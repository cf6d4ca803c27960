"""A critical potassium that nobody answers: the surgeon is in theatre, the next one is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.demo.day import alarms, beds, ward
from fhirserver.demo.day.event import Event
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift
from fhirserver.demo.day.story import Role, course, story
from fhirserver.demo.day.visit import arrive, leave, move, register
from fhirserver.demo.history import Leg
from fhirserver.demo.record import treatment

HOME: Final = 34 * 60.0
POINTS: Final = {
    "potassium": ((0, 2.3), (160, 2.3), (700, 3.4), (1500, 3.9)),
    "temperature": ((0, 37.8), (700, 37.2), (1500, 36.8)), "pulse": ((0, 89), (900, 76)),
    "systolic": ((0, 122),), "breaths": ((0, 17),), "saturation": ((0, 97.5),),
    "pain": ((0, 7), (60, 4), (320, 5), (700, 3), (1800, 1)),
    "wbc": ((0, 15.2), (1500, 9.8)), "neutrophils": ((0, 12.1), (1500, 6.9)),
    "crp": ((0, 68), (1500, 82)), "bicarbonate": ((0, 28), (1500, 26)),
}  # fmt: skip


@scenes.register("unanswered")
def unanswered(seed: int, shift: Shift) -> Sequence[Event]:
    """Appendicitis after three days of vomiting."""
    role = Role("appendicitis", 3, "appendicitis", "surgery", (18, 44))
    at = story(seed, shift, role, course(shift, POINTS), (Leg("emergency"), Leg("surgical")))
    register(at, 11)
    arrive(at, 12, "emergency", "vomiting for three days, pain low on the right", seen=24,
           until=HOME)  # fmt: skip
    at.signs(17)
    surgeon = ward.on(at, "surgery")
    move(at, 58, "surgical", "the surgeons take over", surgeon.contact.doctor)
    minute = surgeon.tests(70, "metabolic", f"result: {at.name}, POTASSIUM {{Potassium}}")
    surgeon.tests(72, "cbc")
    seen = surgeon.image(66, "abdomen-ct", f"result: CT of {at.name} shows appendicitis")
    alarms.raised(surgeon, minute + 1, "potassium")
    surgeon.tell(minute + 6, "in theatre",
                 f"no answer: {surgeon.contact.doctor['display']} is in theatre")  # fmt: skip
    alarms.escalated(surgeon, minute + 15, "potassium")
    ward.drugs(surgeon, 80, ("acetaminophen", "enoxaparin", "ondansetron"), HOME - 180)
    operation = treatment.procedure(at.chart, surgeon.contact, at.at(seen + 120), "appendectomy")
    if operation is not None:
        begins = {"start": operation["performedPeriod"]["start"]}
        under_way = {**operation, "status": "in-progress", "performedPeriod": begins}
        under_way.pop("outcome", None)
        surgeon.tell(
            seen + 121, "operation begins", f"theatre: operation of {at.name} begins", under_way
        )
        surgeon.at_stamp(operation["performedPeriod"]["end"], "operation ends",
                         f"theatre: operation of {at.name} has ended", operation)  # fmt: skip
    for later in (130.0, 260.0, 460.0, 520.0, 700.0, 960.0, 1320.0, 1680.0, 1980.0):
        surgeon.signs(later)
    surgeon.tests(700, "metabolic", f"result: {at.name}, potassium {{Potassium}}")
    surgeon.tests(1500, "metabolic")
    ward.note(surgeon, HOME - 50, "discharge", "Uneventful after laparoscopic appendectomy. "
              "Eats, walks, wounds dry.")  # fmt: skip
    leave(surgeon, HOME, "home on the second day")
    at.events.append(beds.cleaning(at.at(HOME + 35), at.key("bed after"), at.chart.house))
    return at.events
