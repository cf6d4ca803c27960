"""Where a segment belongs in a structure, when senders leave out groups or order them their way.

The longest chain of groups shared with the segment before wins, then what comes next in the
structure, then what is nearest. A step back begins the innermost shared group anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hl7v2_gateway.mapping.plans import Plan, Slot


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

    def nearness(slot: Slot) -> tuple[int, bool, int]:
        forward = slot.order > at or (slot.order == at and slot.repeats)
        return (shared(slot.groups, groups), forward, -abs(slot.order - at))

    best = max(candidates, key=nearness)
    if best.order > at or (best.order == at and best.repeats):
        return Move(best, ())
    depth = shared(best.groups, groups)
    return Move(best, best.groups[:depth])


def shared(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many groups two places have in common."""
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n
