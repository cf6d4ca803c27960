"""What a conversion gives: resources with their identity, and what became of the fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import AnsweredCode, UnknownCode
from hl7v2_gateway.mapping.drafts import Made
from hl7v2_gateway.mapping.snapshots import Snapshot


class Unsupported(ValueError):
    """No map knows this message (table 0357: 200 for the type, 201 for the event)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Upsert:
    """One resource to make or to update.

    `search` finds the stored one (`identifier=system|value`); without it the resource's `id` is its
    identity, made from what it says, so that the same message always means the same resource.
    `cleared` are the elements that the message deletes (`""`). A `is_mention` is a resource that is
    only pointed at (a doctor in PV1-7): it adds to a stored one, it never takes away.
    """

    full_url: str
    resource: Resource
    search: str | None
    cleared: frozenset[str] = frozenset()
    is_mention: bool = False

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.resource["resourceType"])


@dataclass(frozen=True, slots=True)
class Merge:
    """Two identities become one: `retired` is merged into `survivor` (both as token searches)."""

    kind: Literal["Patient", "Encounter", "Account"]
    survivor: str
    retired: str


@dataclass(frozen=True, slots=True)
class Move:
    """Something that belongs to somebody else from now on, or is known by another number.

    `what` is `Encounter` or `Account`: what `of` finds goes to the patient whom `to` finds, from
    the one whom `was` finds. `identifier`: who has it, `of`, is the patient whom `to` finds.
    `number`: what `of` finds, a `kind`, has the identifier `number` now, which `to` finds.
    `link`: two patients, `of` and `to`, who are no longer linked.
    """

    what: Literal["Encounter", "Account", "identifier", "number", "link"]
    of: str
    to: str
    kind: str = "Patient"
    was: str | None = None
    number: Resource | None = None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A field, or a component, that went nowhere. What it said is in the stored message."""

    position: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """The result of one message."""

    structure: str
    upserts: tuple[Upsert, ...]
    unmapped: tuple[Unmapped, ...]
    provenance: Mapping[str, tuple[Made, ...]]
    unknown_codes: tuple[UnknownCode, ...]
    merges: tuple[Merge, ...] = ()
    moves: tuple[Move, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    answered_codes: tuple[AnsweredCode, ...] = ()

    @property
    def bundle(self) -> Resource:
        """A transaction that stands alone: conditional updates, references between its entries."""
        return {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "fullUrl": u.full_url,
                    "resource": u.resource,
                    "request": {
                        "method": "PUT",
                        "url": f"{u.type}?{u.search}"
                        if u.search
                        else f"{u.type}/{u.resource['id']}",
                    },
                }
                for u in self.upserts
            ],
        }

    def by_type(self, resource_type: str) -> list[Resource]:
        """The resources of a type."""
        return [u.resource for u in self.upserts if u.type == resource_type]
