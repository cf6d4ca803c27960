"""A prescription that the server warns of: amoxicillin, and an allergy to penicillin on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.day import beds, ward
from fhirserver.demo.day.event import Deed, Event, House
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift
from fhirserver.demo.day.story import Role, Story, course, story
from fhirserver.demo.day.visit import arrive, leave, register
from fhirserver.demo.fhir import SNOMED, Resource, concept
from fhirserver.demo.history import Leg
from fhirserver.demo.moment import day, stamp, years
from fhirserver.demo.record import medication
from fhirserver.demo.record.background import ACTIVE, CONFIRMED

POINTS: Final = {
    "temperature": ((0, 37.9), (150, 37.4)), "pulse": ((0, 88),), "systolic": ((0, 126),),
    "saturation": ((0, 97.5),), "breaths": ((0, 17),), "pain": ((0, 4), (120, 2)),
    "wbc": ((0, 11.8),), "crp": ((0, 34),),
}  # fmt: skip
WANTED, INSTEAD = "amoxicillin", "nitrofurantoin"


@scenes.register("allergy")
def allergy(seed: int, shift: Shift) -> Sequence[Event]:
    """A urinary infection in the emergency department."""
    role = Role("urinary", 5, "urinary-infection", "emergency", (24, 60), sex="female")
    at = story(seed, shift, role, course(shift, POINTS), (Leg("emergency"),))
    register(at, 33)
    at.tell(34, "allergy", None, _penicillin(at))
    arrive(at, 35, "emergency", "burning, back pain, fever", seen=55)
    at.signs(40)
    known = at.tests(58, "urinalysis", f"result: urine test of {at.name}")
    _prescriptions(at, known + 6)
    ward.note(at, known + 30, "emergency", "Cystitis. Allergic to penicillin, so nitrofurantoin "
              "for five days. Culture if no better.")  # fmt: skip
    leave(at, known + 44, "home with a prescription")
    at.events.append(beds.cleaning(at.at(known + 70), at.key("bay after"), at.chart.house))
    return at.events


def _penicillin(at: Story) -> Resource:
    of, since = table("allergies")["penicillin"], at.shift.start - years(6)
    code, display, level = of["reactions"][-1]
    return at.chart.head("AllergyIntolerance") | {
        "clinicalStatus": ACTIVE,
        "verificationStatus": CONFIRMED,
        "type": "allergy",
        "category": [of["category"]],
        "criticality": of["criticality"],
        "code": concept(SNOMED, of["snomed"]),
        "patient": at.chart.subject,
        "recordedDate": stamp(at.at(34)),
        "recorder": at.contact.nurse,
        "onsetDateTime": day(since),
        "reaction": [{"manifestation": [concept(SNOMED, (code, display))], "severity": level}],
    }


def _prescriptions(at: Story, minute: float) -> None:
    wanted, _ = medication.once(at.chart, at.contact, WANTED, at.at(minute))
    instead, supply = medication.once(at.chart, at.contact, INSTEAD, at.at(minute + 4))
    draft = {**wanted, "status": "draft"}

    def check(house: House) -> Deed:
        found = house.operate("MedicationRequest/$check", {
            "resourceType": "Parameters", "parameter": [{"name": "resource", "resource": draft}],
        })  # fmt: skip
        issues = [p["resource"] for p in found.get("parameter", ()) if p["name"] == "issue"]
        told = "; ".join(
            f"{i.get('severity', '')} {i['code']['coding'][0].get('display', '')}: {i['detail']}"
            for i in issues
        )
        drug = wanted["medicationCodeableConcept"]["text"]
        return Deed(f"WARNING for {at.name}, {drug}: {told or 'nothing'}", [draft])

    at.events.append(Event(at.at(minute), at.key("draft"), check))
    drug = instead["medicationCodeableConcept"]["text"]
    at.tell(
        minute + 4, "instead", f"prescription: {at.name}, {drug} instead",
        {**wanted, "status": "cancelled", "statusReason": {"text": "Allergy to penicillin"}},
        {**instead, "status": "active"},
    )  # fmt: skip
    at.tell(minute + 32, "dispensed", None, {
        **supply, "whenPrepared": stamp(at.at(minute + 20)),
        "whenHandedOver": stamp(at.at(minute + 32)),
        "quantity": {"value": 10}, "daysSupply": {**supply["daysSupply"], "value": 5},
    })  # fmt: skip
