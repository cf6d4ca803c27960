"""Which appointments could be made: times at which everybody that is wanted is free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fhirserver.model.resource import Resource
from fhirserver.scheduling.slots import covering, runs, span_of
from fhirserver.scheduling.times import Span


@dataclass(frozen=True, slots=True)
class Party:
    """Schedules of which one has to have time, and their free slots, by the schedule's id."""

    schedules: Mapping[str, Resource]
    free: Mapping[str, Sequence[Resource]]

    def covering(self, span: Span) -> tuple[Resource, list[Resource]] | None:
        """A schedule with the slots that cover a time; None when none has it free."""
        for id_, schedule in self.schedules.items():
            found = covering(self.free.get(id_, ()), span)
            if found is not None:
                return schedule, found
        return None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A time, and of each party a schedule with its slots; that of the first party comes first."""

    span: Span
    parts: tuple[tuple[Resource, list[Resource]], ...]


def proposals(
    main: Party, others: Sequence[Party], length: timedelta | None, until: datetime
) -> list[Proposal]:
    """What begins before a time, the earliest first; without a length, one slot each."""
    found: list[Proposal] = []
    for id_, schedule in main.schedules.items():
        for run in runs(main.free.get(id_, ()), length):
            start = span_of(run[0]).start
            if start >= until:
                continue
            span = Span(start, span_of(run[-1]).end if length is None else start + length)
            with_it = [p.covering(span) for p in others]
            if all(w is not None for w in with_it):
                parts = ((schedule, run), *(w for w in with_it if w is not None))
                found.append(Proposal(span, parts))
    return sorted(found, key=lambda p: (p.span, p.parts[0][0]["id"]))
