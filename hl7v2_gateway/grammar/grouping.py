"""Groups the segments of a message by its structure: a tree, made in one pass and never refused.

Each segment goes to the slot that continues the message best from where the last one went: the same
slot or one further on in the innermost group, or the next repetition of a group that it can begin.
Where there is none, real messages have an obvious place for it all the same: a group whose first
segment was forgotten, or a slot that was already passed. What has no place at all (a Z segment, one
that the structure doesn't know) stays with the segment before it. `Group.problems` tells all that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from hl7v2_gateway.er7 import Message, Problem, Segment
from hl7v2_gateway.er7.problems import CARDINALITY, SEQUENCE, UNSUPPORTED_TYPE
from hl7v2_gateway.grammar.groups import Group, Placed
from hl7v2_gateway.grammar.slots import Layout, Level, Slot, layout
from hl7v2_gateway.grammar.structures import structure_of

_ATTACHED: Final = frozenset({"NTE", "PRT", "ROL", "CTD", "ARV"})
"""Segments that say more about the one before them: never moved away from it."""

Kind = Literal["next", "again", "skipping", "passed", "crowded"]


def grouped(message: Message) -> Group:
    """The tree of a message. Every segment is in it once; within a group they keep their order."""
    header = message.header
    name = structure_of(header.type, header.event, header.structure)
    if not name:
        return _flat(message)
    return _Grouping(layout(name), message).tree()


def _flat(message: Message) -> Group:
    """All segments in one group, when nothing is known of the message's type."""
    header = message.header
    name = "_".join(part for part in (header.type, header.event) if part) or "UNKNOWN"
    root = Group(name, name)
    root.children += [Placed(segment, f"{name}.{segment.name}") for segment in message.segments]
    place = message.segments[0].field(9).place
    root.problems = (
        Problem(UNSUPPORTED_TYPE, place, "is no type of message whose structure is known"),
    )
    return root


@dataclass(slots=True)
class _Instance:
    """A group that is being filled."""

    level: Level
    group: Group
    filled: set[int] = field(default_factory=set)
    opened: dict[int, _Instance] = field(default_factory=dict)
    """The last instance of each level right below."""


@dataclass(frozen=True, slots=True, order=True)
class _Choice:
    """A slot that a segment could take; the smallest is the best."""

    implausible: bool
    missing: int
    """How many segments that should come before it are missing."""
    kept: int
    """Minus how many of the current groups go on."""
    repeats: bool
    distance: int
    kind: Kind = field(compare=False)
    slot: Slot = field(compare=False)

    def of_grammar(self) -> tuple[int, int, bool, int]:
        """What the structure alone says, whatever else is in the message."""
        return self.missing, self.kept, self.repeats, self.distance


_Sure = dict[tuple[int, str], tuple[_Choice, frozenset[str]]]


@lru_cache(maxsize=256)
def _sure(name: str) -> _Sure:
    """Choices that depend on the last slot alone, and which segments the message must have.

    Found while grouping, so that most segments of most messages are one look-up.
    """
    return {}


class _Grouping:
    def __init__(self, laid: Layout, message: Message) -> None:
        self.laid = laid
        self.message = message
        self.present = frozenset(segment.name for segment in message.segments)
        root = Group(laid.root.name, laid.root.path)
        self.chain = [_Instance(laid.root, root)]
        self.cursor = -1
        self.went_back = False
        """Whether a segment was put behind others that belong after it."""
        self.sure = _sure(laid.root.name)
        self.problems: list[Problem] = []

    def tree(self) -> Group:
        for segment, upcoming in _with_next(self.message.segments):
            slots = self.laid.named.get(segment.name)
            choice = self._best(slots, upcoming) if slots else None
            if choice is None:
                self._stray(segment)
            else:
                self._put(segment, choice)
        root = self.chain[0].group
        root.problems = tuple(self.problems)
        return root

    def _best(self, slots: tuple[Slot, ...], upcoming: str) -> _Choice | None:
        name = slots[0].name
        known = None if self.went_back else self.sure.get((self.cursor, name))
        if known is not None and known[1] <= self.present:
            return known[0]
        choices = [choice for slot in slots for choice in self._choices(slot)]
        best = min(choices)
        if not best.missing:
            if not self.went_back and best is min(choices, key=_Choice.of_grammar):
                opened = () if best.repeats else best.slot.levels[-best.kept :]
                needed = [level.required for level in opened]
                self.sure[self.cursor, name] = best, frozenset().union(*needed)
            return best
        if best.kind == "skipping":
            # What is missing may come right after: then it is this one that came too early.
            return None if upcoming in self._missing(best.slot, -best.kept) else best
        return None if name in _ATTACHED else best

    def _choices(self, slot: Slot) -> Iterator[_Choice]:
        levels = slot.levels
        common = 0
        for mine, its in zip(self.chain, levels, strict=False):
            if mine.level.number != its.number:
                break
            common += 1
        ahead = slot.number - self.cursor

        def choice(kind: Kind, kept: int, missing: int, repeats: bool = False) -> _Choice:
            implausible = not repeats and any(
                not level.required <= self.present for level in levels[kept:]
            )
            return _Choice(implausible, missing, -kept, repeats, abs(ahead), kind, slot)

        if ahead > 0 or (ahead == 0 and slot.repeats):
            missing = len(self._missing(slot, common))
            yield choice("skipping" if missing else "next", common, missing)
            return
        inner = self.chain[common - 1]
        is_there = slot.number in inner.filled
        for kept in range(common - 1, 0, -1):
            if levels[kept].repeats:
                missing = len(self._missing(slot, kept))
                if not missing or slot.is_head or (slot.is_required and is_there):
                    yield choice("skipping" if missing else "again", kept, missing, True)
                if not missing:
                    break
        if common < len(levels):
            level = levels[common]
            if level.repeats or level.number not in inner.opened:
                yield choice("passed", common, 1)
                return
        elif slot.repeats or not is_there:
            yield choice("passed", common, 1)
            return
        yield choice("crowded", common, 9)

    def _missing(self, slot: Slot, kept: int) -> list[str]:
        """What should come before the slot, if `kept` groups go on and the others begin."""
        slots = self.laid.slots
        found = []
        for depth, before in enumerate(slot.before):
            if before:
                filled = self.chain[depth].filled if depth < kept else ()
                passed = self.cursor if depth < kept else -1
                found += [slots[n].name for n in before if n > passed and n not in filled]
        return found

    def _put(self, segment: Segment, choice: _Choice) -> None:
        slot, kept = choice.slot, -choice.kept
        if choice.kind == "crowded" and slot.is_head and len(slot.levels) > 1:
            kept = min(kept, len(slot.levels) - 1)
        del self.chain[kept:]
        for level in slot.levels[kept:]:
            self.chain.append(self._open(level, choice))
        instance = self.chain[-1]
        instance.filled.add(slot.number)
        instance.group.children.append(Placed(segment, slot.path))
        self.cursor = slot.number
        if choice.kind == "skipping":
            self._tell(segment, SEQUENCE, "comes without the segment that must be before it")
        elif choice.kind == "passed":
            self.went_back = True
            self._tell(segment, SEQUENCE, "is out of order; put where it belongs")
        elif choice.kind == "crowded":
            self.went_back = True
            self._tell(segment, CARDINALITY, "is there more often than it may be")

    def _open(self, level: Level, choice: _Choice) -> _Instance:
        """A new group, or the one that is there when only one may be."""
        outer = self.chain[-1]
        last = outer.opened.get(level.number)
        again = level.repeats or (choice.kind == "crowded" and level is choice.slot.levels[-1])
        if last is not None and not again:
            return last
        number = last.group.number + 1 if last is not None else 1
        group = Group(level.name, level.path, number, outer.group)
        outer.group.children.append(group)
        instance = outer.opened[level.number] = _Instance(level, group)
        return instance

    def _stray(self, segment: Segment) -> None:
        group = self.chain[-1].group
        group.children.append(Placed(segment, f"{group.path}.{segment.name}", is_stray=True))
        if segment.name.startswith("Z"):
            self._tell(segment, SEQUENCE, "is of this sender; kept with the segment before it", "I")
        else:
            self._tell(segment, SEQUENCE, "has no place here; kept with the segment before it")

    def _tell(
        self, segment: Segment, code: str, text: str, severity: Literal["W", "I"] = "W"
    ) -> None:
        self.problems.append(Problem(code, segment.place, text, severity))


def _with_next(segments: tuple[Segment, ...]) -> Iterator[tuple[Segment, str]]:
    """Each segment with the name of the next one that is another, Z segments left out."""
    following: list[str] = []
    upcoming, current = "", ""
    for segment in reversed(segments):
        if segment.name != current and not segment.name.startswith("Z"):
            upcoming, current = current, segment.name
        following.append(current if segment.name.startswith("Z") else upcoming)
    return zip(segments, reversed(following), strict=True)
