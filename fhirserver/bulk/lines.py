"""The lines of a stored NDJSON file, each with where it lies.

https://hl7.org/fhir/R4/nd-json.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fhirserver.blobs import Blobs

LONGEST_LINE: Final = 64_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its number, from 1, and its first byte; `text` is None when it is too long."""

    number: int
    start: int
    length: int
    text: bytes | None

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + self.length + 1


def lines_from(blobs: Blobs, blob: UUID, *, start: int, number: int) -> Iterator[Line]:
    """The lines from a byte on, the first having this number."""
    left, at, skipped = b"", start, 0
    for piece in _and_end(blobs.read(blob, start)):
        left += b"\n" if piece is None and (left or skipped) else piece or b""
        *whole, left = left.split(b"\n")
        for text in whole:
            length = skipped + len(text)
            yield Line(number, at, length, None if skipped else text)
            number, at, skipped = number + 1, at + length + 1, 0
        if skipped or len(left) > LONGEST_LINE:
            skipped += len(left)
            left = b""


def one_line(blobs: Blobs, blob: UUID, number: int, start: int, length: int) -> Line:
    """A line again, whose place is known."""
    return Line(number, start, length, b"".join(blobs.read(blob, start, start + length)))


def _and_end(pieces: Iterator[bytes]) -> Iterator[bytes | None]:
    yield from pieces
    yield None
