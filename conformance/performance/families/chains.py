"""Chains and reverse chains.

https://hl7.org/fhir/R4/search.html#chaining and #has
"""

from __future__ import annotations

import random

from conformance.performance.families import absent, families, misses
from conformance.performance.sample import Sample
from conformance.performance.searches import Search
from conformance.performance.values import codings, name_parts, patient_of, starts


@families.register("chain")
def chains(sample: Sample, rng: random.Random) -> Search:
    kind = rng.choice(["Observation", "Encounter", "Condition"])
    if misses(rng):
        return Search(kind, (("patient.identifier", absent(rng)),), hits=False)
    patient = sample.pick(rng, "Patient", lambda p: sample.at_least[f"Patient/{p['id']}", kind])
    if rng.randrange(2):
        first = patient["identifier"][0]
        name = f"Patient/{patient['id']}"
        chain = ("patient.identifier", f"{first['system']}|{first['value']}")
        return Search(kind, (chain,), holds=lambda r: patient_of(r) == name)
    family = patient["name"][0]["family"]
    return Search(kind, (("subject:Patient.name", family),))


@families.register("reverse-chain")
def reverse_chains(sample: Sample, rng: random.Random) -> Search:
    kind = rng.choice(["Observation", "Condition"])
    if misses(rng):
        return Search("Patient", ((f"_has:{kind}:patient:code", absent(rng)),), hits=False)
    resource = sample.pick(rng, kind, lambda r: codings(r, "code") and patient_of(r))
    system, code = codings(resource, "code")[0]
    has = (f"_has:{kind}:patient:code", f"{system}|{code}")
    if rng.randrange(2):
        return Search("Patient", (has,))
    patient = sample.pick(rng, "Patient", lambda p: "family" in p["name"][0])
    prefix = patient["name"][0]["family"][:3]
    return Search("Patient", (("name", prefix), has), hits=None, holds=starts(name_parts, prefix))
