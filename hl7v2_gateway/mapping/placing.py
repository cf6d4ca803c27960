"""Where a segment belongs in a structure, when senders leave out groups or order them their way.

The longest chain of groups shared with the segment before wins, then what comes next in the
structure, then what is nearest. A step back begins the innermost shared group anew, or if there may
be only one of that, the group around it: an OBR without its ORC is another order all the same.
Earlier results are entered by their patient only: else each second order would be one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hl7v2_gateway.grammar import VERSIONS
from hl7v2_gateway.grammar import structure as structure_at
from hl7v2_gateway.grammar.slots import Level, layout
from hl7v2_gateway.mapping.plans import Plan, Slot

_PRIOR: Final = "PRIOR_RESULT"


@dataclass(frozen=True, slots=True)
class Move:
    """The slot for a segment, and the group that begins anew (empty for none)."""

    slot: Slot
    anew: tuple[str, ...]


_MOVES: Final[dict[tuple[str, int, int, str], Move | None]] = {}


def placed(plan: Plan, before: Slot | None, segment: str) -> Move | None:
    """The move to a segment's slot; None where the structure has no such segment."""
    key = (plan.structure, id(plan), -1 if before is None else before.order, segment)
    if key not in _MOVES:
        _MOVES[key] = _placed(plan, before, segment)
    return _MOVES[key]


def _placed(plan: Plan, before: Slot | None, segment: str) -> Move | None:
    candidates = plan.by_segment.get(segment)
    if not candidates:
        return None
    if before is None:
        return Move(candidates[0], ())
    at, groups = before.order, before.groups
    candidates = tuple(
        slot
        for slot in candidates
        if _PRIOR not in slot.groups or _PRIOR in groups or segment == "PID"
    )
    if not candidates:
        return None

    def nearness(slot: Slot) -> tuple[int, bool, int]:
        forward = slot.order > at or (slot.order == at and slot.repeats)
        return (shared(slot.groups, groups), forward, -abs(slot.order - at))

    best = max(candidates, key=nearness)
    if best.order > at or (best.order == at and best.repeats):
        return Move(best, ())
    depth = shared(best.groups, groups)
    while depth > 1 and not _repeats(plan.structure, best.groups[:depth]):
        depth -= 1
    return Move(best, best.groups[:depth])


def _repeats(structure: str, groups: tuple[str, ...]) -> bool:
    """Whether a group may be there more than once; true of one that the grammar hasn't."""
    path = ".".join((structure, *groups))
    return next((level.repeats for level in _levels(structure) if level.path == path), True)


@lru_cache(maxsize=256)
def _levels(structure: str) -> frozenset[Level]:
    if not any(structure_at(structure, version) for version in VERSIONS):
        return frozenset()
    return frozenset(level for slot in layout(structure).slots for level in slot.levels)


def shared(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many groups two places have in common."""
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n
