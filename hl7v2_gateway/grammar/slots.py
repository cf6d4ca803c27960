"""A structure laid flat: a slot for each place that a segment can take, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hl7v2_gateway.grammar.structures import merged
from hl7v2_gateway.grammar.syntax import Node

_FOLLOWING: Final = frozenset({"ARV", "PRT", "ROL"})
"""Segments that a group of ADT has twice; the tables tell them apart by what they follow."""


@dataclass(frozen=True, slots=True)
class Level:
    """A group of the structure; `number` is its own among all levels."""

    number: int
    name: str
    path: str
    repeats: bool
    required: frozenset[str]
    """Segments that every instance has."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a segment; `levels` are the groups around it, the message first."""

    number: int
    name: str
    path: str
    repeats: bool
    levels: tuple[Level, ...]
    before: tuple[tuple[int, ...], ...]
    """For each level, the slots that are filled before this one in a message that is right."""
    is_required: bool
    is_head: bool
    """Whether its group begins with it: there is no group without."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All slots, and those of each segment."""

    root: Level
    slots: tuple[Slot, ...]
    named: dict[str, tuple[Slot, ...]]


@lru_cache(maxsize=256)
def layout(name: str) -> Layout:
    """The slots of the merged structure of this name."""
    found: list[Slot] = []
    levels: list[Level] = []
    _lay(merged(name), name, (), (), found, levels)
    named: dict[str, list[Slot]] = {}
    for slot in found:
        named.setdefault(slot.name, []).append(slot)
    return Layout(levels[0], tuple(found), {key: tuple(slots) for key, slots in named.items()})


def _lay(
    node: Node,
    path: str,
    above: tuple[Level, ...],
    before: tuple[tuple[int, ...], ...],
    found: list[Slot],
    levels: list[Level],
) -> None:
    segments = [child for child in node.children if not child.is_group]
    needed = [] if node.is_choice else [child.name for child in segments if child.required]
    level = Level(len(levels), node.name, path, node.repeats, frozenset(needed))
    levels.append(level)
    around = (*above, level)
    names = [child.name for child in segments]
    filled: tuple[int, ...] = ()
    anchor = ""
    for child in node.children:
        first = len(found)
        if child.is_group:
            _lay(child, f"{path}.{child.name}", around, (*before, filled), found, levels)
            if child.name == "PATIENT_PRIOR":
                # The standard makes the patient of earlier results optional, but without one nobody
                # could tell them from the next order.
                filled = (*filled, first)
            continue
        twice = child.name in _FOLLOWING and anchor and names.count(child.name) > 1
        found.append(
            Slot(
                first,
                child.name,
                f"{path}:follow:{anchor}.{child.name}" if twice else f"{path}.{child.name}",
                child.repeats,
                around,
                (*before, filled),
                child.required,
                node.is_choice or needed[:1] == [child.name],
            )
        )
        if child.required and not node.is_choice:
            filled = (*filled, first)
            anchor = child.name
