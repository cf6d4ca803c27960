"""NDJSON in portions of some hundred lines.

https://hl7.org/fhir/R4/nd-json.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

from fhirserver.loader.compression import BROKEN, LARGEST_LINE, Unreadable
from fhirserver.loader.pieces import Source

MOST_LINES: Final = 500
MOST_BYTES: Final = 4_000_000


def cut(name: str, stream: IO[bytes]) -> Iterator[Source]:
    """The lines of a stream in portions; those before a trouble are given before it is raised."""
    taken: list[bytes] = []
    size, first = 0, 1
    try:
        while line := _line(stream, first + len(taken)):
            taken.append(line)
            size += len(line)
            if len(taken) == MOST_LINES or size >= MOST_BYTES:
                yield Source(name, "lines", b"".join(taken), first_line=first)
                taken, size, first = [], 0, first + len(taken)
    except (*BROKEN, Unreadable):
        if taken:
            yield Source(name, "lines", b"".join(taken), first_line=first)
        raise
    if taken:
        yield Source(name, "lines", b"".join(taken), first_line=first)


def _line(stream: IO[bytes], number: int) -> bytes:
    line = stream.readline(LARGEST_LINE + 1)
    if len(line) > LARGEST_LINE:
        raise Unreadable(
            f"line {number} is longer than {LARGEST_LINE // 1_000_000} MB: "
            "neither it nor what follows is loaded"
        )
    return line
