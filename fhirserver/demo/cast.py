"""Who patient `n` is: a part in the play, known without making the record.

`data/cast.json` holds the parts, one patient each; after the last the play begins again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from fhirserver.demo.catalogue import table
from fhirserver.demo.hospital.premises import beds


@dataclass(frozen=True, slots=True)
class Part:
    """One patient's lot: stories, sex, age in years, ward when in hospital now, fate."""

    stories: tuple[str, ...]
    ages: tuple[int, int]
    sex: str | None
    ward: str | None
    fatal: bool
    rank: int  # which of its ward's patients it is, within one round of the play


@cache
def parts() -> tuple[Part, ...]:
    """Every part, in order."""
    seen: Counter[str] = Counter()
    found: list[Part] = []
    for row in table("cast"):
        ward = row.get("ward")
        found.append(
            Part(
                stories=tuple(row["stories"]),
                ages=(row["ages"][0], row["ages"][1]),
                sex=row.get("sex"),
                ward=ward,
                fatal=row.get("fatal", False),
                rank=seen[ward],
            )
        )
        seen[ward] += 1
    return tuple(found)


@cache
def _patients_per_round() -> Counter[str]:
    return Counter(part.ward for part in parts() if part.ward)


def part(n: int) -> Part:
    """The part of patient `n`."""
    return parts()[n % len(parts())]


def bed(n: int) -> str | None:
    """The key of the bed patient `n` lies in now: none at home, none when the ward is full.

    >>> bed(0), bed(1), bed(1_000_000)
    (None, 'medical-01-1', None)
    """
    of = part(n)
    if of.ward is None:
        return None
    place = n // len(parts()) * _patients_per_round()[of.ward] + of.rank
    free = beds(of.ward)
    return free[place] if place < len(free) else None
