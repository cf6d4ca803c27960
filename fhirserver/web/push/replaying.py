"""What a listener missed while it was away, from the id of the last event it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.web.push.source import Source, Told
from fhirserver.web.push.wanted import Wanted

MOST: Final = 20
"""Steps of the change log; who has missed more reads anew what it shows."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What comes again; None when that is too much, or nobody knows where to begin."""

    told: list[Told] | None
    seqs: frozenset[int] = frozenset()
    """The changes that were looked at: they needn't be told again."""


def missed(source: Source, principal: Principal, wanted: Wanted, last: str) -> Missed:
    """What has come since the event with this id."""
    place = source.place(last)
    if place is None:
        return Missed(None)
    told: list[Told] = []
    seqs: set[int] = set()
    for _ in range(MOST):
        step = source.step(place)
        seqs.update(t.change.seq for t in step.told)
        candidates = [t for t in step.told if wanted.takes(t.change.type, t.owner)]
        keys = source.shown(principal, candidates)
        told += [t for t in candidates if t.change.key in keys]
        if not step.has_more:
            return Missed(told, frozenset(seqs))
        place = step.place
    return Missed(None)
