"""Date: every prefix, days, months and instants.

https://hl7.org/fhir/R4/search.html#date and #prefix
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from conformance.performance.families import families, misses
from conformance.performance.sample import Sample
from conformance.performance.searches import Resource, Search, anything
from conformance.performance.values import ZONE_DOUBT, Interval, effective, interval

# Whether a value's interval may match the searched one, `doubt` for zones.
Compare = Callable[[Interval, Interval, timedelta], bool]
MAY_MATCH: Final[dict[str, Compare]] = {  # of `ne` and `ap` anything may
    "eq": lambda v, s, doubt: v[0] >= s[0] - doubt and v[1] <= s[1] + doubt,
    "gt": lambda v, s, doubt: v[1] > s[1] - doubt,
    "lt": lambda v, s, doubt: v[0] < s[0] + doubt,
    "ge": lambda v, s, doubt: v[1] >= s[0] - doubt,
    "le": lambda v, s, doubt: v[0] <= s[1] + doubt,
    "sa": lambda v, s, doubt: v[0] > s[1] - doubt,
    "eb": lambda v, s, doubt: v[1] < s[0] + doubt,
}

PREFIXES: Final = [*MAY_MATCH, "ne", "ap"]

# The searched value is one that is there, so these find it.
SURE: Final = {"eq", "ge", "le", "ap"}

# Dates of birth have no zone, so text compares as the days do.
BIRTH: Final[dict[str, Callable[[str, str], bool]]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "lt": operator.lt, "ge": operator.ge,
    "le": operator.le, "sa": operator.gt, "eb": operator.lt,
}  # fmt: skip


@families.register("date")
def dates(sample: Sample, rng: random.Random) -> Search:
    if misses(rng):
        return Search("Observation", (("date", f"eq18{rng.randint(10, 49)}-03-04"),), hits=False)
    prefix = rng.choice(PREFIXES)
    hits = True if prefix in SURE else None
    if rng.randrange(3) == 0:
        born = sample.pick(rng, "Patient", lambda p: len(p.get("birthDate", "")) == 10)["birthDate"]
        return Search(
            "Patient", (("birthdate", prefix + born),), hits=hits, holds=_born(prefix, born)
        )
    observation = sample.pick(
        rng, "Observation", lambda o: len(o.get("effectiveDateTime", "")) > 10
    )
    text = observation["effectiveDateTime"]
    # A day in the server's zone may be the day before or after, so only instants surely hit.
    if rng.randrange(2):
        text, hits = text[: rng.choice([7, 10])], None if prefix == "eq" else hits
    holds = _effective(prefix, interval(text))
    return Search("Observation", (("date", prefix + text),), hits=hits, holds=holds)


def _born(prefix: str, born: str) -> Callable[[Resource], bool]:
    if prefix not in BIRTH:
        return anything
    return lambda p: len(p.get("birthDate", "")) == 10 and BIRTH[prefix](p["birthDate"], born)


def _effective(prefix: str, searched: Interval) -> Callable[[Resource], bool]:
    if prefix not in MAY_MATCH:
        return anything

    def holds(observation: Resource) -> bool:
        value = effective(observation)
        return value is None or MAY_MATCH[prefix](value, searched, ZONE_DOUBT)

    return holds
