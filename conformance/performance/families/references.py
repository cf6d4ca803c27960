"""Reference: what belongs to a patient.

https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

import random

from conformance.performance.families import absent, families, misses
from conformance.performance.sample import Sample
from conformance.performance.searches import Search
from conformance.performance.values import patient_of


@families.register("reference")
def references(sample: Sample, rng: random.Random) -> Search:
    kind = rng.choice(["Observation", "Encounter", "Condition", "MedicationRequest", "Procedure"])
    name = rng.choice(["patient", "subject"])
    if misses(rng):
        return Search(kind, ((name, f"Patient/{absent(rng)}"),), hits=False)
    patient = patient_of(sample.pick(rng, kind, patient_of))
    return Search(kind, ((name, patient),), holds=lambda r: patient_of(r) == patient)
