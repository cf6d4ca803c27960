"""Conditions: the problem list, and the diagnoses of one encounter.

https://hl7.org/fhir/R4/condition.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import ICD10, SNOMED, Resource, coding, hl7
from fhirserver.demo.moment import day, stamp
from fhirserver.demo.record.chart import Chart

ACTIVE: Final = hl7("condition-clinical", "active", "Active")
RESOLVED: Final = hl7("condition-clinical", "resolved", "Resolved")
CONFIRMED: Final = hl7("condition-ver-status", "confirmed", "Confirmed")
PROBLEM: Final = hl7("condition-category", "problem-list-item", "Problem List Item")
DIAGNOSIS: Final = hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis")
SEVERE: Final = {"coding": [coding(SNOMED, "24484000", "Severe")]}
GRAVE: Final = frozenset({"septic-shock", "respiratory-failure", "myocardial-infarction"})


@cache
def code(key: str) -> Resource:
    """A problem in SNOMED CT and ICD-10-CM."""
    of = table("problems")[key]
    return {
        "coding": [coding(SNOMED, *of["snomed"]), coding(ICD10, *of["icd10"])],
        "text": of["snomed"][1],
    }


def problem(chart: Chart, key: str, since: datetime, until: datetime | None) -> Resource:
    """A line of the problem list."""
    found = _condition(chart, key, since, until, PROBLEM)
    found["recorder"] = chart.physician
    return found


def diagnoses(chart: Chart, keys: Sequence[str], at: datetime, until: datetime | None,
              doctor: Resource) -> list[Resource]:  # fmt: skip
    """The diagnoses of one encounter; `connect` ties them to it."""
    found = [_condition(chart, key, at, until, DIAGNOSIS) for key in keys]
    for condition in found:
        condition["recorder"] = doctor
    return found


def connect(condition: Resource, encounter: Resource) -> Resource:
    """The condition, made in that encounter."""
    return condition | {"encounter": encounter}


def _condition(chart: Chart, key: str, since: datetime, until: datetime | None,
               category: Resource) -> Resource:  # fmt: skip
    found = chart.head("Condition") | {
        "clinicalStatus": RESOLVED if until else ACTIVE,
        "verificationStatus": CONFIRMED,
        "category": [category],
        "code": code(key),
        "subject": chart.subject,
        "onsetDateTime": stamp(since) if category is DIAGNOSIS else day(since),
    }
    if key in GRAVE:
        found["severity"] = SEVERE
    if until:
        found["abatementDateTime"] = stamp(until) if category is DIAGNOSIS else day(until)
    found["recordedDate"] = stamp(since)
    return found
