"""A broken wrist: in and out of the emergency department within two hours."""

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

POINTS: Final = {
    "pain": ((0, 7), (60, 4), (120, 2)), "pulse": ((0, 86),), "systolic": ((0, 128),),
    "saturation": ((0, 98),), "breaths": ((0, 16),), "temperature": ((0, 36.7),),
}  # fmt: skip


@scenes.register("fracture")
def fracture(seed: int, shift: Shift) -> Sequence[Event]:
    """Fell from a bicycle; X-ray, plaster, home."""
    role = Role("fracture", 4, "forearm-fracture", "emergency", (19, 52))
    at = story(seed, shift, role, course(shift, POINTS), (Leg("emergency"),))
    register(at, 1)
    arrive(at, 6, "emergency", "fell from a bicycle, wrist bent", seen=22)
    at.signs(11)
    seen = at.image(25, "wrist-xray", f"result: X-ray of {at.name} shows a broken wrist")
    plaster = treatment.procedure(at.chart, at.contact, at.at(seen + 8), "immobilization")
    if plaster is not None:
        at.tell(seen + 39, "plaster", f"plaster: {at.name}", plaster)
    ward.note(at, seen + 42, "emergency", "Distal radius fracture, reduced and put in plaster. "
              "Fracture clinic in a week.")  # fmt: skip
    leave(at, seen + 50, "home in plaster")
    at.events.append(beds.cleaning(at.at(seen + 75), at.key("bay after"), at.chart.house))
    return at.events
