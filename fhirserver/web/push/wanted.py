"""What a listener asked for: `?_type=Observation,Task&patient=123`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.routing import is_id
from fhirserver.model.definitions import Definitions
from fhirserver.search.hashing import reference_self


@dataclass(frozen=True, slots=True)
class Wanted:
    """Only these types, only what belongs to this patient (the digest of `Patient/ID`)."""

    types: frozenset[str] | None = None
    owner: int | None = None

    def takes(self, resource_type: str, owner: int | None) -> bool:
        """Whether a change is one that was asked for."""
        return (self.types is None or resource_type in self.types) and (
            self.owner is None or self.owner == owner
        )


def pairs_of(query: bytes) -> tuple[tuple[str, str], ...]:
    """The parameters of an address."""
    try:
        return tuple(parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict"))
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid("the parameters of the address can't be read") from error


def wanted(request: FhirRequest, definitions: Definitions) -> Wanted:
    """What a request asks for, without the types that may not be read.

    Raises Invalid, and Forbidden when nothing is left.
    """
    types: frozenset[str] | None = None
    owner: int | None = None
    for name, value in request.query:
        if name == "_type" and types is None:
            types = _allowed(value.split(","), request.principal, definitions)
        elif name == "patient" and owner is None:
            id_ = value.removeprefix("Patient/")
            if not is_id(id_):
                raise Invalid("patient must be the id of a Patient")
            owner = reference_self("Patient", id_)
        elif name in {"_type", "patient"}:
            raise Invalid(f"{name} can be given once; _type takes several with commas between them")
        else:
            raise Invalid("there are no parameters but _type and patient")
    return Wanted(types, owner)


def _allowed(
    types: Sequence[str], principal: Principal, definitions: Definitions
) -> frozenset[str]:
    """An app asks for all that it shows; of what its user may not read nothing would come."""
    for name in types:
        if not definitions.is_resource(name):
            raise Invalid(f"there is no resource type {name[:64]!r} in FHIR R4")
    left = frozenset(name for name in types if principal.may("r", name))
    if not left:
        principal.require("r", types[0])
    return left
