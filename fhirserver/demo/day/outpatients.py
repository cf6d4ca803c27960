"""Patients of the demo hospital who are at home, and have an email address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from fhirserver.demo.cast import bed, part
from fhirserver.demo.day.story import HOUSE_SEED
from fhirserver.demo.fhir import Resource
from fhirserver.demo.identity import uuid
from fhirserver.demo.moment import now
from fhirserver.demo.person import person

LOADED: Final = 60
"""How many patients `fhirserver load --demo` makes."""
ADULT: Final = 18


@dataclass(frozen=True, slots=True)
class Outpatient:
    """Somebody who was loaded with the hospital."""

    name: str
    reference: Resource


@cache
def outpatients() -> tuple[Outpatient, ...]:
    """All grown-ups who are neither in a bed nor dead."""
    found = []
    for n in range(LOADED):
        of = part(n)
        if bed(n) is not None or of.fatal or of.ward or of.ages[0] < ADULT:
            continue
        # The name doesn't depend on the day on which the hospital was loaded.
        who = person(n, of, now(None), Random(f"{HOUSE_SEED}/{n}"))
        reference = f"Patient/{uuid(f'{HOUSE_SEED}/patient/{n}')}"
        found.append(Outpatient(who.name, {"reference": reference, "display": who.name}))
    return tuple(found)
