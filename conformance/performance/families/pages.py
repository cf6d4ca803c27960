"""Sorting, paging, counting, and the ward's favourite: newest of a category of one patient.

https://hl7.org/fhir/R4/search.html#sort, #paging and #summary
"""

from __future__ import annotations

import random
from datetime import datetime

from conformance.performance.families import absent, families, misses
from conformance.performance.sample import Sample
from conformance.performance.searches import Resource, Search
from conformance.performance.values import (
    ZONE_DOUBT,
    codings,
    effective,
    has_coding,
    interval,
    patient_of,
)

MORE_THAN_A_PAGE = 21


def when(observation: Resource) -> datetime | None:
    """What `_sort=-date` falls by, for Observations of one instant."""
    return interval(text)[0] if len(text := observation.get("effectiveDateTime", "")) > 10 else None


@families.register("sort")
def sorting(sample: Sample, rng: random.Random) -> Search:
    resource = sample.pick(rng, "Observation", lambda o: codings(o, "code") and patient_of(o))
    system, code = codings(resource, "code")[0]
    by_code, by_patient = ("code", f"{system}|{code}"), ("patient", patient_of(resource))
    parameters = rng.choice([(by_patient,), (by_patient, by_code), (by_code,)])
    return Search("Observation", (*parameters, ("_sort", "-date")), order=when)


@families.register("paging")
def paging(sample: Sample, rng: random.Random) -> Search:
    def has_more(patient: Resource) -> bool:
        return sample.at_least[f"Patient/{patient['id']}", "Observation"] >= MORE_THAN_A_PAGE

    name = f"Patient/{sample.pick(rng, 'Patient', has_more)['id']}"
    return Search(
        "Observation", (("patient", name),), holds=lambda o: patient_of(o) == name, pages=2
    )


@families.register("count")
def counting(sample: Sample, rng: random.Random) -> Search:
    count = ("_summary", "count")
    if misses(rng):
        return Search("Observation", (("code", absent(rng)), count), hits=False, total_at_least=0)
    resource = sample.pick(rng, "Observation", lambda o: codings(o, "code") and patient_of(o))
    if rng.randrange(2):
        patient = patient_of(resource)
        least = sample.at_least[patient, "Observation"]
        return Search("Observation", (("patient", patient), count), total_at_least=least)
    system, code = codings(resource, "code")[0]
    return Search("Observation", (("code", f"{system}|{code}"), count), total_at_least=1)


@families.register("patient+category+date")
def ward(sample: Sample, rng: random.Random) -> Search:
    def suits(observation: Resource) -> bool:
        return bool(
            codings(observation, "category") and effective(observation) and patient_of(observation)
        )

    resource = sample.pick(rng, "Observation", suits)
    patient, (system, code) = patient_of(resource), codings(resource, "category")[0]
    moment = effective(resource)
    assert moment is not None
    since = (moment[0] - ZONE_DOUBT).date().isoformat()
    of_category = has_coding("category", system, code)
    return Search(
        "Observation",
        (("patient", patient), ("category", code), ("date", f"ge{since}"), ("_sort", "-date")),
        holds=lambda o: patient_of(o) == patient and of_category(o),
        order=when,
    )
