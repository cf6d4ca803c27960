"""The state of a bed, as its Location says it.

https://hl7.org/fhir/R4/location-definitions.html#Location.operationalStatus
http://terminology.hl7.org/CodeSystem/v2-0116
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from fhirserver.model.resource import Resource

SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v2-0116"
PHYSICAL: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
OCCUPIED, FREE, CLEANING, CONTAMINATED = "O", "U", "H", "K"
STATES: Final = {
    "O": "occupied", "U": "free", "H": "cleaning", "K": "contaminated", "I": "isolated",
    "C": "closed",
}  # fmt: skip
_DISPLAY: Final = {
    "O": "Occupied", "U": "Unoccupied", "H": "Housekeeping", "K": "Contaminated",
}  # fmt: skip
_OUT_OF_USE: Final = frozenset({"suspended", "inactive"})


@dataclass(frozen=True, slots=True)
class Counts:
    """How many beds are in each state; `unknown` are those that don't say."""

    beds: int = 0
    occupied: int = 0
    free: int = 0
    cleaning: int = 0
    contaminated: int = 0
    isolated: int = 0
    closed: int = 0
    unknown: int = 0

    @property
    def blocked(self) -> int:
        """Beds that are neither free nor occupied."""
        return self.beds - self.free - self.occupied

    @property
    def rate(self) -> Decimal | None:
        """Occupied of those that aren't closed, in percent."""
        of = self.beds - self.closed
        if not of:
            return None
        return (Decimal(100 * self.occupied) / of).quantize(Decimal("0.1"), ROUND_HALF_UP)


def is_bed(location: Resource) -> bool:
    """Whether a Location is a bed."""
    return physical_type(location) == "bd"


def physical_type(location: Resource) -> str | None:
    """What a Location is: `bd` a bed, `wa` a ward, `ro` a room."""
    codings = location.get("physicalType", {}).get("coding", ())
    return next((c.get("code") for c in codings if c.get("system") == PHYSICAL), None)


def state(bed: Resource) -> str:
    """The state of a bed in a word."""
    if bed.get("status") in _OUT_OF_USE:
        return "closed"
    return STATES.get(bed.get("operationalStatus", {}).get("code"), "unknown")


def counted(beds: Iterable[Resource]) -> Counts:
    """How many beds are in which state."""
    found = Counter(state(bed) for bed in beds)
    return Counts(beds=found.total(), **found)


def taken(bed: Resource) -> Resource:
    """A bed in which somebody lies."""
    return bed if _code(bed) == OCCUPIED else _with(bed, OCCUPIED)


def freed(bed: Resource, *, cleaned: bool) -> Resource:
    """A bed that somebody has left: it waits for cleaning, unless the hospital doesn't say so.

    A bed that was marked otherwise meanwhile stays as it is.
    """
    if _code(bed) not in {OCCUPIED, None}:
        return bed
    return _with(bed, FREE if cleaned else CLEANING)


def _code(bed: Resource) -> str | None:
    code: str | None = bed.get("operationalStatus", {}).get("code")
    return code


def _with(bed: Resource, code: str) -> Resource:
    status = {"system": SYSTEM, "code": code, "display": _DISPLAY[code]}
    return {**bed, "operationalStatus": status}
