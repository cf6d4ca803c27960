"""What is true of a patient between visits: allergies, family, consent, flags, implants.

https://hl7.org/fhir/R4/allergyintolerance.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import SNOMED, Resource, coding, concept, hl7, identifier, quantity
from fhirserver.demo.moment import DAY, day, stamp, years
from fhirserver.demo.record.chart import Chart
from fhirserver.demo.record.condition import code

ACTIVE: Final = hl7("allergyintolerance-clinical", "active", "Active")
CONFIRMED: Final = hl7("allergyintolerance-verification", "confirmed", "Confirmed")
NONE_KNOWN: Final = concept(SNOMED, ["716186003", "No known allergy"])
RELATION: Final = (
    ("MTH", "mother", "female"), ("FTH", "father", "male"),
    ("SIS", "sister", "female"), ("BRO", "brother", "male"),
)  # fmt: skip
FLAGGED: Final = [hl7("flag-category", "clinical", "Clinical")]
GENDER: Final = "http://hl7.org/fhir/administrative-gender"
PACEMAKER: Final = concept(SNOMED, ["706004007", "Implantable cardiac pacemaker"])


def allergies(chart: Chart, since: datetime) -> Iterator[Resource]:
    """Up to three allergies; or a statement that none is known; or, for some, nothing."""
    draw = chart.chance.random()
    if draw < 0.12:
        return
    if draw < 0.55:
        yield _allergy(chart, since) | {"code": NONE_KNOWN, "patient": chart.subject}
        return
    for key in chart.chance.sample(sorted(table("allergies")), 1 + int(draw * 10) % 3):
        of = table("allergies")[key]
        severity = chart.chance.randrange(len(of["reactions"]))
        code, display, level = of["reactions"][severity]
        yield _allergy(chart, since) | {
            "type": "allergy",
            "category": [of["category"]],
            "criticality": of["criticality"],
            "code": concept(SNOMED, of["snomed"]),
            "patient": chart.subject,
            "onsetDateTime": day(since),
            "reaction": [{
                "substance": concept(SNOMED, of["snomed"]),
                "manifestation": [concept(SNOMED, (code, display))],
                "onset": day(since),
                "severity": level,
            }],
        }  # fmt: skip


def _allergy(chart: Chart, since: datetime) -> Resource:
    return chart.head("AllergyIntolerance") | {
        "clinicalStatus": ACTIVE,
        "verificationStatus": CONFIRMED,
        "recordedDate": stamp(since),
        "recorder": chart.physician,
    }


def family(chart: Chart, keys: Iterable[str]) -> Iterator[Resource]:
    """One relative for each disease that runs in the family."""
    for number, key in enumerate(dict.fromkeys(keys)):
        relation, display, sex = RELATION[number % len(RELATION)]
        yield chart.head("FamilyMemberHistory") | {
            "status": "completed",
            "patient": chart.subject,
            "date": day(max(chart.person.born + DAY, chart.end - years(4))),
            "relationship": hl7("v3-RoleCode", relation, display),
            "sex": {"coding": [coding(GENDER, sex, sex.capitalize())]},
            "condition": [{
                "code": code(key), "onsetAge": quantity(30 + chart.chance.randrange(40), "a"),
            }],
        }  # fmt: skip


def consent(chart: Chart, at: datetime) -> Resource:
    """Consent to treatment and to sharing the record, except with researchers."""
    return chart.head("Consent") | {
        "status": "active",
        "scope": hl7("consentscope", "patient-privacy", "Privacy Consent"),
        "category": [{"coding": [coding("http://loinc.org", "59284-0", "Consent Document")]}],
        "patient": chart.subject,
        "dateTime": stamp(at),
        "performer": [chart.subject],
        "organization": [chart.house.departments["hospital"]],
        "policyRule": hl7("consentpolicycodes", "hipaa-auth", "HIPAA Authorization"),
        "provision": {
            "type": "permit",
            "period": {"start": day(at)},
            "provision": [{
                "type": "deny",
                "purpose": [coding(
                    "http://terminology.hl7.org/CodeSystem/v3-ActReason", "HRESCH",
                    "healthcare research",
                )],
            }],
        },
    }  # fmt: skip


def flag(chart: Chart, text: str, since: datetime) -> Resource:
    """Something everyone who opens the chart must see."""
    return chart.head("Flag") | {
        "status": "active",
        "category": FLAGGED,
        "code": {"text": text},
        "subject": chart.subject,
        "period": {"start": stamp(since)},
        "author": chart.physician,
    }


def implant(chart: Chart, at: datetime) -> Resource:
    """A pacemaker."""
    head = chart.head("Device")
    serial = head["id"][:8].upper()
    return head | {
        "identifier": [identifier("device", f"PM{serial}")],
        "udiCarrier": [{
            "deviceIdentifier": "09999990000017",
            "carrierHRF": f"(01)09999990000017(11){day(at).replace('-', '')[2:]}(21){serial}",
        }],
        "status": "active",
        "distinctIdentifier": serial,
        "manufacturer": "Paloverde Cardiac",
        "manufactureDate": day(at - years(0.5)),
        "expirationDate": day(at + years(8)),
        "lotNumber": serial[:5],
        "serialNumber": serial,
        "deviceName": [{"name": "Pacer DR 2", "type": "model-name"}],
        "type": PACEMAKER,
        "patient": chart.subject,
    }  # fmt: skip
