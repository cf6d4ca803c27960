"""Includes and reverse includes.

https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

import random

from conformance.performance.families import families
from conformance.performance.sample import Sample
from conformance.performance.searches import Search
from conformance.performance.values import patient_of


@families.register("include")
def includes(sample: Sample, rng: random.Random) -> Search:
    kind = rng.choice(["Observation", "MedicationRequest", "Condition"])
    resource = sample.pick(rng, kind, lambda r: patient_of(r) and "encounter" in r)
    patient = patient_of(resource)
    if rng.randrange(2):
        parameters = (("patient", patient), ("_include", f"{kind}:patient"))
        return Search(kind, parameters, holds=lambda r: patient_of(r) == patient, brings=(patient,))
    encounter = "/".join(resource["encounter"]["reference"].split("/")[-2:])
    return Search(
        kind,
        (
            ("_id", resource["id"]),
            ("_include", f"{kind}:encounter"),
            ("_include", f"{kind}:subject"),
        ),
        finds=(f"{kind}/{resource['id']}",),
        brings=(encounter, patient),
    )


@families.register("revinclude")
def reverse_includes(sample: Sample, rng: random.Random) -> Search:
    kind = rng.choice(["Condition", "Encounter", "MedicationRequest"])
    resource = sample.pick(rng, kind, patient_of)
    patient = patient_of(resource)
    # All of the patient's come along, so the one that is known has to.
    return Search(
        "Patient",
        (("_id", patient.partition("/")[2]), ("_revinclude", f"{kind}:patient")),
        finds=(patient,),
        brings=(f"{kind}/{resource['id']}",),
    )
