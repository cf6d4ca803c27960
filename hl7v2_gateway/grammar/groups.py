"""The tree that grouping makes of a message: groups of segments, each with its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hl7v2_gateway.er7 import Problem, Segment


@dataclass(frozen=True, slots=True)
class Placed:
    """A segment where it belongs.

    A stray one, of Z or unknown to the structure, follows its neighbour.
    """

    segment: Segment
    path: str
    """As `ORU_R01.PATIENT_RESULT.ORDER_OBSERVATION.OBR`; as `ADT_A01:follow:PV1.ROL` where a group
    has the segment twice."""
    is_stray: bool = False

    @property
    def name(self) -> str:
        return self.segment.name


class Group:
    """A group, or the message itself. `number` counts those of its name in its parent.

    Built by `grouped`, and not to be changed by anybody else.
    """

    __slots__ = ("children", "name", "number", "parent", "path", "problems")

    def __init__(self, name: str, path: str, number: int = 1, parent: Group | None = None) -> None:
        self.name = name
        self.path = path
        self.number = number
        self.parent = parent
        self.children: list[Group | Placed] = []
        """In the order of the message."""
        self.problems: tuple[Problem, ...] = ()
        """Of the whole message, at its root: what was missing, stray or out of order."""

    def groups(self, name: str) -> list[Group]:
        """The groups of this name right in this one."""
        return [c for c in self.children if isinstance(c, Group) and c.name == name]

    def segments(self, name: str) -> list[Segment]:
        """The segments of this name right in this group."""
        return [c.segment for c in self.children if isinstance(c, Placed) and c.name == name]

    def first(self, name: str) -> Segment | None:
        return next(iter(self.segments(name)), None)

    def walk(self) -> Iterator[tuple[Group, Placed]]:
        """Every segment below, with the group that it is in."""
        for child in self.children:
            if isinstance(child, Group):
                yield from child.walk()
            else:
                yield self, child

    def below(self, path: str) -> list[Group]:
        """Every group below whose path this is."""
        found = []
        for child in self.children:
            if isinstance(child, Group) and path.startswith(child.path):
                if child.path == path:
                    found.append(child)
                else:
                    found += child.below(path)
        return found

    def __repr__(self) -> str:
        return f"<Group {self.path}({self.number})>"
