"""How much each agreement says: the tables that a site's registrar may read and judge.

A record that says the same about a field speaks for the same person as much as it is likelier in
two records of one person (m) than in records of two people (u): log2(m / u) bits. Bits add up.

Fellegi and Sunter, A Theory for Record Linkage, 1969, https://doi.org/10.1080/01621459.1969.10501049
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import Final, Literal

Field = Literal[
    "identifier", "family", "given", "birthDate", "gender", "telecom", "address", "multipleBirth"
]
Grade = Literal["certain", "probable", "possible", "certainly-not"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two records compare in one field, and what that says, in bits."""

    field: Field
    level: str
    bits: float


# field -> level -> (m, u)
CHANCES: Final[dict[Field, dict[str, tuple[float, float]]]] = {
    "identifier": {
        "same": (0.90, 1e-8),  # same system and value: issued to one person
        "same value": (0.50, 1e-5),  # one of them doesn't say the system
        "similar": (0.05, 1e-4),  # one character wrong, or two exchanged
        "other": (0.50, 0.95),  # hospitals give a second number by mistake: that's why we look
        "other national": (0.03, 0.99),  # a person has one of these
    },
    "family": {
        "same": (0.90, 0.002),
        "part": (0.04, 0.001),  # one of the parts of a double name
        "similar": (0.04, 0.003),  # a typing or hearing mistake
        "exchanged": (0.01, 1e-4),  # family and given name in each other's place
        "other": (0.06, 0.99),  # marriage
    },
    "given": {
        "same": (0.80, 0.01),
        "short form": (0.06, 0.002),  # Bill for William
        "similar": (0.05, 0.004),
        "initial": (0.03, 0.05),
        "second name": (0.03, 0.015),  # known by a middle name
        "another second name": (0.02, 0.008),  # Mary Ann and Mary Lou
        "placeholder": (0.01, 0.01),  # Baby, Newborn: says nothing
        "other": (0.03, 0.95),
    },
    "birthDate": {
        "same": (0.93, 4e-5),
        "day and month exchanged": (0.01, 4e-5),
        "one digit": (0.03, 1.2e-3),  # one digit wrong, or two neighbours exchanged
        "first of year": (0.01, 1.5e-3),  # 1 January stands for a day nobody knew
        "same month": (0.95, 1.1e-3),  # one of them knows only the month
        "same year": (0.95, 0.0125),  # or only the year
        "other": (0.02, 0.99),
    },
    "gender": {"same": (0.985, 0.5), "other": (0.01, 0.5)},
    "telecom": {"same": (0.50, 1e-4), "other": (0.45, 0.99)},
    "address": {
        "same": (0.50, 1e-4),  # street and town
        "same line": (0.05, 5e-4),
        "same postal code": (0.20, 0.02),
        "same town": (0.05, 0.08),
        "other": (0.25, 0.90),  # people move
    },
    "multipleBirth": {"same": (0.95, 0.45), "other": (0.02, 0.55)},
}

BITS: Final[dict[Field, dict[str, float]]] = {
    field: {level: round(log2(m / u), 1) for level, (m, u) in levels.items()}
    for field, levels in CHANCES.items()
}

PRIOR_BITS: Final = -20.0
"""Before anything is compared, one record in a million is the same person."""

THRESHOLDS: Final[tuple[tuple[Grade, float], ...]] = (
    ("certain", 9.0),
    ("probable", 0.0),
    ("possible", -9.0),
)
"""Bits from which a grade holds, prior included: 9 is a score of 0.998, 0 of 0.5, -9 of 0.002."""

# What the bits can't know: fields that depend on each other. Twins share everything but a name, and
# that may differ by a letter; a parent may share everything but a digit of the birth date.
CAPS: Final[tuple[tuple[str, Grade], ...]] = (
    ("the given names differ", "possible"),
    ("they are different children of a multiple birth", "possible"),
    ("both the sex and the birth date differ", "possible"),
    ("national identifiers differ", "possible"),
    ("the birth dates differ", "probable"),
    ("the given names aren't quite the same, and no number is", "probable"),
    ("the birth dates aren't the same to the day, and no number is", "probable"),
    ("nothing but name, sex and birth date agrees", "probable"),
)

NATIONAL: Final = frozenset({"SS", "SB", "NI", "NH", "NNxxx", "PPN", "JHN", "NIIP", "HC"})
"""Types of identifier that a person has only one of. http://terminology.hl7.org/CodeSystem/v2-0203"""
NATIONAL_SYSTEMS: Final = frozenset(
    {"http://hl7.org/fhir/sid/us-ssn", "https://fhir.nhs.uk/Id/nhs-number"}
)
