"""Quantity: Observations by value and unit, with prefixes.

https://hl7.org/fhir/R4/search.html#quantity
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Final

from conformance.performance.families import families, misses
from conformance.performance.sample import Sample
from conformance.performance.searches import Resource, Search
from conformance.performance.values import quantity

# `eq` by implicit precision: up to half of the last digit away. Integers are the coarsest here.
COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "": lambda a, b: abs(a - b) <= 0.5,
    "gt": operator.gt,
    "lt": operator.lt,
    "ge": operator.ge,
    "le": operator.le,
}


@families.register("quantity")
def quantities(sample: Sample, rng: random.Random) -> Search:
    resource = sample.pick(rng, "Observation", quantity)
    found = quantity(resource)
    assert found is not None
    if misses(rng):
        value = f"gt{beyond(rng)}|{found['system']}|{found['code']}"
        return Search("Observation", (("value-quantity", value),), hits=False)
    prefix = rng.choice(sorted(COMPARE))
    value = f"{prefix}{found['value']}|{found['system']}|{found['code']}"
    hits = True if prefix in {"", "ge", "le"} else None
    return Search(
        "Observation", (("value-quantity", value),), hits=hits, holds=measured(prefix, found)
    )


def beyond(rng: random.Random) -> str:
    """More than there is of anything, in whatever unit: a million million fL is only a mL."""
    return f"{1 + rng.randrange(1000)}e45"


def measured(prefix: str, wanted: Resource) -> Callable[[Resource], bool]:
    """A test of an Observation's value in the same unit; other units may match by conversion."""

    def holds(observation: Resource) -> bool:
        value = observation.get("valueQuantity")
        if value is None:
            return False
        other = value.get("code") != wanted["code"]
        return other or COMPARE[prefix](float(value["value"]), float(wanted["value"]))

    return holds
