"""Patient, RelatedPerson and Coverage.

https://hl7.org/fhir/R4/patient.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import (
    HL7,
    Resource,
    coding,
    concept,
    hl7,
    identifier,
    present,
)
from fhirserver.demo.moment import day, stamp, years
from fhirserver.demo.record.chart import Chart

US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
OMB: Final = "urn:oid:2.16.840.1.113883.6.238"
MRN: Final = hl7("v2-0203", "MR", "Medical record number") | {"text": "Medical record number"}


def patient(chart: Chart, death: datetime | None) -> Resource:
    """The Patient; number 0 owns the demo account `patient`."""
    person = chart.person
    known = [{
        "use": "usual", "type": MRN, **identifier("mrn", f"MRN{100000 + person.n:06}"),
    }]  # fmt: skip
    if person.n == 0:
        known.append(identifier("demo-account", "patient"))
    married = ("M", "Married") if person.married else ("S", "Never Married")
    adult = person.age(chart.end) >= 18
    return {"resourceType": "Patient", "id": chart.patient} | present({
        "extension": [
            _omb("race", *person.race),
            _omb("ethnicity", *(
                ("2135-2", "Hispanic or Latino") if person.hispanic
                else ("2186-5", "Not Hispanic or Latino")
            )),
            {"url": US_CORE + "birthsex", "valueCode": "F" if person.sex == "female" else "M"},
        ],
        "identifier": known,
        "active": True,
        "name": [{
            "use": "official", "family": person.family, "given": [person.given, person.middle],
        }],
        "telecom": [
            {"system": "phone", "value": person.phone, "use": "mobile", "rank": 1},
            {"system": "email", "value": _email(chart), "use": "home"},
        ],
        "gender": person.sex,
        "birthDate": day(person.born),
        "deceasedDateTime": stamp(death) if death else None,
        "address": [_address(chart)],
        "maritalStatus": hl7("v3-MaritalStatus", *married) if adult else None,
        "contact": [{
            "relationship": [hl7("v2-0131", "C", "Emergency Contact")],
            "name": {"family": person.family, "given": [person.middle]},
            "telecom": [{"system": "phone", "value": person.phone[:-1] + "7"}],
        }],
        "communication": [{
            "language": concept("urn:ietf:bcp:47", person.language), "preferred": True,
        }],
        "generalPractitioner": [chart.physician],
        "managingOrganization": chart.house.departments["hospital"],
    })  # fmt: skip


def _omb(name: str, code: str, display: str) -> Resource:
    return {
        "url": US_CORE + name,
        "extension": [
            {"url": "ombCategory", "valueCoding": coding(OMB, code, display)},
            {"url": "text", "valueString": display},
        ],
    }


def _email(chart: Chart) -> str:
    person = chart.person
    return f"{person.given}.{person.family}.{person.n}@mail.example".lower()


def _address(chart: Chart) -> Resource:
    person = chart.person
    return {
        "use": "home",
        "line": [person.line],
        "city": person.city,
        "state": "AZ",
        "postalCode": person.postcode,
        "country": "US",
    }


def relative(chart: Chart) -> Resource | None:
    """Children's parents, some adults' spouses."""
    person = chart.person
    child = person.age(chart.end) < 18
    if not child and not person.married:
        return None
    code = ("PRN", "parent") if child else ("SPS", "spouse")
    given = chart.chance.choice(table("names")["female"])
    return chart.head("RelatedPerson") | {
        "active": True,
        "patient": chart.subject,
        "relationship": [hl7("v3-RoleCode", *code)],
        "name": [{"use": "official", "family": person.family, "given": [given]}],
        "telecom": [{"system": "phone", "value": person.phone[:-1] + "7", "use": "mobile"}],
        "address": [_address(chart)],
    }


def coverage(chart: Chart) -> Resource:
    """Health insurance."""
    number = f"CS{chart.person.n * 7919 % 10_000_000:08}"
    since = max(chart.person.born, chart.end - years(10))
    return chart.head("Coverage") | {
        "identifier": [identifier("member", number)],
        "status": "active",
        "type": hl7("v3-ActCode", "HIP", "health insurance plan policy"),
        "subscriberId": number,
        "beneficiary": chart.subject,
        "relationship": hl7("subscriber-relationship", "self", "Self"),
        "period": {"start": day(since)},
        "payor": [chart.house.departments["payer"]],
        "class": [{
            "type": {"coding": [coding(HL7 + "coverage-class", "plan", "Plan")]},
            "value": "standard", "name": "Copper Standard",
        }],
    }  # fmt: skip
