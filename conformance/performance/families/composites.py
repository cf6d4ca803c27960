"""Composite: a code together with a value in a range, on the Observation and on its components.

https://hl7.org/fhir/R4/search.html#composite
"""

from __future__ import annotations

import random

from conformance.performance.families import families, misses
from conformance.performance.families.quantities import beyond, measured
from conformance.performance.sample import Sample
from conformance.performance.searches import Search
from conformance.performance.values import codings, has_coding, quantity


@families.register("composite")
def composites(sample: Sample, rng: random.Random) -> Search:
    if rng.randrange(3) == 0:
        return _component(sample, rng)
    resource = sample.pick(rng, "Observation", lambda o: quantity(o) and codings(o, "code"))
    found = quantity(resource)
    assert found is not None
    system, code = codings(resource, "code")[0]
    unit = f"{found['system']}|{found['code']}"
    if misses(rng):
        value = f"{system}|{code}$gt{beyond(rng)}|{unit}"
        return Search("Observation", (("code-value-quantity", value),), hits=False)
    prefix = rng.choice(["", "ge", "le", "gt", "lt"])
    coded, within = has_coding("code", system, code), measured(prefix, found)
    return Search(
        "Observation",
        (("code-value-quantity", f"{system}|{code}${prefix}{found['value']}|{unit}"),),
        hits=True if prefix in {"", "ge", "le"} else None,
        holds=lambda o: coded(o) and within(o),
    )


def _component(sample: Sample, rng: random.Random) -> Search:
    resource = sample.pick(rng, "Observation", lambda o: any(map(quantity, o.get("component", ()))))
    component = rng.choice([c for c in resource["component"] if quantity(c)])
    system, code = codings(component, "code")[0]
    found = component["valueQuantity"]
    value = f"{system}|{code}$ge{found['value']}|{found['system']}|{found['code']}"
    coded = has_coding("code", system, code)
    return Search(
        "Observation",
        (("component-code-value-quantity", value),),
        holds=lambda o: any(coded(c) for c in o.get("component", ())),
    )
