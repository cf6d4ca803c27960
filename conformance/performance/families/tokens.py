"""Token: codes with and without system, identifiers, statuses.

https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

import random

from conformance.performance.families import absent, families, misses
from conformance.performance.sample import Sample
from conformance.performance.searches import Search
from conformance.performance.values import codings, has_coding


@families.register("token")
def tokens(sample: Sample, rng: random.Random) -> Search:
    if misses(rng):
        kind, name = rng.choice([("Patient", "identifier"), ("Observation", "code")])
        return Search(kind, ((name, f"http://example.org|{absent(rng)}"),), hits=False)
    shape = rng.randrange(4)
    if shape == 0:
        patient = sample.pick(rng, "Patient", lambda p: p.get("identifier"))
        first = patient["identifier"][0]
        value = f"{first['system']}|{first['value']}"
        return Search("Patient", (("identifier", value),), finds=(f"Patient/{patient['id']}",))
    if shape == 1:
        status = sample.pick(rng, "Encounter")["status"]
        return Search("Encounter", (("status", status),), holds=lambda e: e["status"] == status)
    kind = rng.choice(["Observation", "Condition"])
    resource = sample.pick(rng, kind, lambda r: codings(r, "code"))
    system, code = rng.choice(codings(resource, "code"))
    if shape == 2:
        return Search(kind, (("code", f"{system}|{code}"),), holds=has_coding("code", system, code))
    return Search(kind, (("code", code),), holds=has_coding("code", "", code))
