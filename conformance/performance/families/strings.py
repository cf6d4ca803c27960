"""String: names and addresses, by prefix, exactly, by a part.

https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

import random

from conformance.performance.families import absent, families, misses
from conformance.performance.sample import Sample
from conformance.performance.searches import Search
from conformance.performance.values import address_parts, folded, name_parts, starts


@families.register("string")
def strings(sample: Sample, rng: random.Random) -> Search:
    if misses(rng):
        return Search("Patient", (("name", absent(rng)),), hits=False)
    patient = sample.pick(
        rng, "Patient", lambda p: len(p["name"][0].get("family", "")) > 3 and "address" in p
    )
    family = patient["name"][0]["family"]
    shape = rng.randrange(5)
    if shape == 0:
        prefix = family[: rng.randint(3, len(family))]
        return Search("Patient", (("name", prefix.lower()),), holds=starts(name_parts, prefix))
    if shape == 1:
        return Search(
            "Patient",
            (("family:exact", family),),
            holds=lambda p: any(name.get("family") == family for name in p["name"]),
        )
    if shape == 2:
        part = folded(family[1:5])
        return Search(
            "Patient",
            (("name:contains", part),),
            holds=lambda p: any(part in folded(text) for text in name_parts(p)),
        )
    field = "city" if "city" in patient["address"][0] else "country"
    value = patient["address"][0].get(field) or absent(rng)
    name = "address" if shape == 3 else f"address-{field}"
    return Search("Patient", ((name, value),), hits=None, holds=starts(address_parts, value))
