"""Kinds of search: each file registers one, which makes searches from values that are there.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from conformance.performance.sample import NothingSuitable, Sample
from conformance.performance.searches import Search
from fhirserver.registry import Registry, discover

Family = Callable[[Sample, random.Random], Search]

# One search in so many asks for a value that isn't there.
MISS_EVERY: Final = 10

# A family asks for several types; a sample without one of them still serves the others.
TRIES: Final = 4

families: Registry[Family] = Registry("search family")


def misses(rng: random.Random) -> bool:
    """Whether this search shall find nothing."""
    return rng.randrange(MISS_EVERY) == 0


def absent(rng: random.Random) -> str:
    """An id, identifier or code that no resource has."""
    return f"zzqx-{rng.getrandbits(64):016x}"


def build(
    sample: Sample, seed: int, each: int, only: Sequence[str] = ()
) -> dict[str, list[Search]]:
    """So many searches of every family; a family the sample has no values for is left out."""
    discover(sys.modules[__name__])
    made: dict[str, list[Search]] = {}
    for name, family in sorted(families.items()):
        if only and name not in only:
            continue
        rng = random.Random(f"{seed} {name}")
        tries = (_try(family, sample, rng) for _ in range(each * TRIES))
        if searches := list(islice(filter(None, tries), each)):
            made[name] = searches
    return made


def _try(family: Family, sample: Sample, rng: random.Random) -> Search | None:
    """One search, None when it turned to a type that the sample has nothing of."""
    try:
        return family(sample, rng)
    except NothingSuitable:
        return None
