"""Which beds belong to which ward: Location.partOf, from the bed up.

https://hl7.org/fhir/R4/location-definitions.html#Location.partOf
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.wards.beds import is_bed, physical_type

_DEEPEST: Final = 12
_WITHIN: Final = frozenset({"bd", "ro"})
"""What lies within a ward."""


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward with its beds; `above` are the references of what it is part of, itself first."""

    location: Resource
    beds: tuple[Resource, ...]
    above: tuple[str, ...]

    @property
    def reference(self) -> str:
        return f"Location/{self.location['id']}"


def wards_of(locations: Iterable[Resource]) -> list[Ward]:
    """The wards that have beds, by name. A bed that is in no ward belongs to what it is part of."""
    known = {f"Location/{r['id']}": r for r in locations}
    beds: dict[str, list[Resource]] = {}
    for one in known.values():
        if is_bed(one):
            beds.setdefault(_ward(one, known), []).append(one)
    found = [
        Ward(known[w], tuple(sorted(b, key=_name)), tuple(_up(w, known))) for w, b in beds.items()
    ]
    return sorted(found, key=lambda ward: (_name(ward.location), ward.reference))


def _ward(bed: Resource, known: Mapping[str, Resource]) -> str:
    """The nearest ward, else the nearest that is no room, else what is there.

    HL7 v2 has no word for a ward: a point of care (PL.1) comes without a physical type.
    """
    chain = list(_up(f"Location/{bed['id']}", known))
    wards = [r for r in chain if physical_type(known[r]) == "wa"]
    larger = [r for r in chain[1:] if physical_type(known[r]) not in _WITHIN]
    return next(iter([*wards, *larger, *chain[1:]]), chain[0])


def _up(reference: str, known: Mapping[str, Resource]) -> Iterator[str]:
    for _ in range(_DEEPEST):
        if reference not in known:
            return
        yield reference
        reference = known[reference].get("partOf", {}).get("reference", "")


def _name(location: Resource) -> str:
    return location.get("name") or ""
