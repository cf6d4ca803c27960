"""Who a caller is among the resources: what rules compare rows with."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.search.hashing import reference_self


@dataclass(frozen=True, slots=True)
class Actor:
    """Addresses such as `Practitioner/1`.

    `me` are the person's own: a practitioner and their posts, a patient, a related person; `units`
    the organizations they work for; `places` the locations of these, with all within. `patient` is
    the patient that they are, `proxied` the patients for whom they are an active related person
    (ids).
    """

    me: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    patient: str | None = None
    proxied: tuple[str, ...] = ()

    @property
    def patients(self) -> tuple[str, ...]:
        """The ids of the patients whose own record this is."""
        own = () if self.patient is None else (self.patient,)
        return tuple(dict.fromkeys((*own, *self.proxied)))

    @property
    def persons(self) -> tuple[int, ...]:
        """The digests of the person's own addresses."""
        return digests(self.me)

    @property
    def everyone(self) -> tuple[int, ...]:
        """The digests of all addresses under which a care relationship reaches the person."""
        return digests((*self.me, *self.units, *self.places))


def digests(addresses: tuple[str, ...]) -> tuple[int, ...]:
    """The `self` digests of addresses.

    >>> digests(("Practitioner/1",)) == (reference_self("Practitioner", "1"),)
    True
    """
    return tuple(reference_self(*address.split("/", 1)) for address in dict.fromkeys(addresses))


NOBODY = Actor()
