"""What this package needs of a conversion; hl7v2_gateway/mapping gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from fhirserver.model.resource import Resource
from hl7v2_gateway.er7 import Message
from hl7v2_gateway.mapping.context import UnknownCode
from hl7v2_gateway.mapping.drafts import Made as Origin
from hl7v2_gateway.mapping.snapshots import Snapshot
from hl7v2_gateway.partners import Sender


class Merging(Protocol):
    """Two identities become one; both are searches such as `identifier=system|value`."""

    @property
    def kind(self) -> str: ...

    @property
    def survivor(self) -> str: ...

    @property
    def retired(self) -> str: ...


class Moving(Protocol):
    """What belongs to somebody else now, or has another number; see mapping.conversion.Move."""

    @property
    def what(self) -> str: ...

    @property
    def of(self) -> str: ...

    @property
    def to(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def was(self) -> str | None: ...

    @property
    def number(self) -> Resource | None: ...


class Converted(Protocol):
    """What was made of a message."""

    @property
    def bundle(self) -> Resource:
        """A transaction with conditional updates, and references between its entries."""

    @property
    def merges(self) -> Sequence[Merging]: ...

    @property
    def moves(self) -> Sequence[Moving]: ...


@dataclass(frozen=True, slots=True)
class Extended:
    """What was made of a message, with more entries in its transaction."""

    made: Converted
    entries: Sequence[Resource]

    @property
    def bundle(self) -> Resource:
        """The transaction with these entries at its end."""
        bundle = self.made.bundle
        return {**bundle, "entry": [*bundle["entry"], *self.entries]}

    @property
    def merges(self) -> Sequence[Merging]:
        return self.made.merges

    @property
    def moves(self) -> Sequence[Moving]:
        return self.made.moves


Combine = Callable[[str, Resource, Resource], Resource]
"""What an entry (by its fullUrl) makes of what is stored: see fhirserver.interactions.messages."""


@dataclass(frozen=True, slots=True)
class Made:
    """A conversion, how it goes with what is stored, and what it left over.

    `report` is for the operator: where unmapped fields are, and which codes nobody knows.
    `unknown` are these codes; `is_answered` when others are known because somebody has said so. Of
    what `snapshots` name the message has all that there is. `provenance` says by fullUrl which
    rules and fields made an entry. `mentions` are the fullUrls of what is only pointed at.
    """

    converted: Converted
    combine: Combine | None = None
    report: Mapping[str, Any] | None = None
    unknown: Sequence[UnknownCode] = ()
    is_answered: bool = False
    snapshots: Sequence[Snapshot] = ()
    provenance: Mapping[str, Sequence[Origin]] = field(default_factory=dict)
    mentions: frozenset[str] = frozenset()


class NotConverted(Exception):
    """Nothing can be made of a message; a code of table 0357, and why, without patient data."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


Convert = Callable[[Message, Sender, int], Made]
"""Converts the message with this number in the record; raises NotConverted."""

Failure = Literal["transient", "permanent", "ambiguous"]
