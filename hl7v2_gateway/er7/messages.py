"""A message: its segments in order, and the bytes they came in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hl7v2_gateway.er7 import places
from hl7v2_gateway.er7.delimiters import Delimiters
from hl7v2_gateway.er7.elements import Subcomponent
from hl7v2_gateway.er7.header import Header
from hl7v2_gateway.er7.problems import Problem
from hl7v2_gateway.er7.segments import Segment


class Message:
    """Not to be changed. `problems` are what was tolerated, `header.problems()` what MSH lacks."""

    __slots__ = ("_named", "codec", "delimiters", "problems", "raw", "segments")

    def __init__(
        self,
        raw: bytes,
        segments: tuple[Segment, ...],
        named: Mapping[str, list[Segment]],
        problems: tuple[Problem, ...],
    ) -> None:
        syntax = segments[0].syntax
        self.raw = raw
        self.segments = segments
        self.delimiters: Delimiters = syntax.delimiters
        self.codec = syntax.codec
        """Python's name of the character set that the bytes were read in."""
        self.problems = problems
        self._named = named

    @property
    def header(self) -> Header:
        return Header(self.segments[0])

    def first(self, name: str) -> Segment | None:
        found = self._named.get(name)
        return found[0] if found else None

    def all(self, name: str) -> tuple[Segment, ...]:
        return tuple(self._named.get(name, ()))

    def value(self, path: str) -> str | None:
        """The leaf at `PID-3(2).1.1`, unescaped: None for nothing, NULL for `""`."""
        place = places.read(path)
        if place.field is None:
            raise ValueError(f"{path} names no field")
        found = self._named.get(place.segment)
        if found is None or len(found) < place.sequence:
            return None
        segment = found[place.sequence - 1]
        if place.component is None and place.repetition is None:
            return segment.value(place.field)
        return segment.value(
            place.field, place.component or 1, place.subcomponent or 1, place.repetition or 1
        )

    def leaves(self) -> Iterator[Subcomponent]:
        """Every subcomponent that says something, in the order of the message."""
        for segment in self.segments:
            yield from segment.leaves()

    def __repr__(self) -> str:
        return f"<Message of {len(self.segments)} segments>"
