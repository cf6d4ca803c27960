"""The message as bytes: with the receiver's delimiters, in its character set."""

from __future__ import annotations

from collections.abc import Sequence

from hl7v2_gateway.er7 import Delimiters, Line, compose
from hl7v2_gateway.outbound.segments import Segment
from hl7v2_gateway.outbound.wishes import Wishes


def composed(segments: Sequence[Segment], wishes: Wishes) -> bytes:
    """Segments as they go over the wire.

    What the character set lacks is escaped as UTF-8 (`\\X..\\`): it looks odd to a receiver that
    doesn't know that, but a name never loses its letters without anybody seeing it.
    """
    return compose(
        (line_of(segment) for segment in segments),
        delimiters_of(wishes.delimiters),
        wishes.charset or None,
        "escape",
    )


def line_of(segment: Segment) -> Line:
    """The fields of a segment, in order."""
    last = max(segment.fields, default=0)
    return Line(segment.name, tuple(segment.fields.get(n, ()) for n in range(1, last + 1)))


def delimiters_of(text: str) -> Delimiters:
    """Delimiters as MSH begins with them: `|^~\\&`, or `|^~\\&#` with that of truncation."""
    return Delimiters(*text)
