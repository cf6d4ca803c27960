"""The parts of a multipart body, one after the other, in little memory.

    for part in parts(request.stream.read, boundary):
        for piece in part.pieces(): ...

A part is read before the next one is asked for; what isn't read of it is passed over. Nothing is
held but one piece. A line that only begins with the boundary is content: whoever nests multiparts
has longer boundaries inside. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fhirserver.errors import Invalid

PIECE: Final = 256 * 1024
MOST_PARTS: Final = 20_000
MOST_HEADER_BYTES: Final = 16_384
MOST_PREAMBLE: Final = 65_536
_LONGEST_BOUNDARY: Final = 200
"""RFC 2046 allows 70; Orthanc writes 73."""
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,199}[0-9A-Za-z'()+_,\-./:=?]")
_PADDING: Final = 64
"""How much white space may follow a boundary on its line."""

Read = Callable[[int], bytes]


class Malformed(Invalid):
    """The multipart body can't be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its number from 0, its headers by their names in lower case, and its bytes."""

    number: int
    headers: Mapping[str, str]
    pieces: Callable[[], Iterator[bytes]]


def parts(read: Read, boundary: str | None) -> Iterator[Part]:
    """Each part of the body. Raises Malformed, at the latest where it ends before its end."""
    if not boundary:
        raise Malformed("the Content-Type has no boundary parameter")
    if len(boundary) > _LONGEST_BOUNDARY or not _BOUNDARY.fullmatch(boundary):
        raise Malformed("the boundary isn't one: it has letters, digits or '()+_,-./:=?")
    body = _Body(read, boundary.encode("ascii"))
    body.skip_preamble()
    number = 0
    while not body.is_over:
        if number >= MOST_PARTS:
            raise Malformed(f"the body has more than {MOST_PARTS} parts: send them in several")
        yield Part(number, body.headers(number), body.pieces)
        for _ in body.pieces():
            pass
        number += 1


class _Body:
    """The body, and how far it is read; always at headers, in a part, or over."""

    def __init__(self, read: Read, boundary: bytes) -> None:
        self._read = read
        self._delimiter = b"\r\n--" + boundary
        # The first boundary may have no line before it.
        self._held = bytearray(b"\r\n")
        self._ended = False
        self._in_part = False
        self.is_over = False

    def skip_preamble(self) -> None:
        skipped = 0
        self._in_part = True
        for piece in self.pieces():
            skipped += len(piece)
            if skipped > MOST_PREAMBLE:
                raise Malformed("the first boundary doesn't come: is it the one of Content-Type?")

    def headers(self, number: int) -> dict[str, str]:
        """Read the headers of a part; its bytes come next."""
        while not self._held.startswith(b"\r\n") and b"\r\n\r\n" not in self._held:
            if len(self._held) > MOST_HEADER_BYTES:
                raise Malformed(f"part {number + 1}: its headers are too long")
            self._more(number)
        if self._held.startswith(b"\r\n"):
            text, rest = b"", 2
        else:
            ends = self._held.index(b"\r\n\r\n")
            text, rest = bytes(self._held[:ends]), ends + 4
        if len(text) > MOST_HEADER_BYTES:
            raise Malformed(f"part {number + 1}: its headers are too long")
        del self._held[:rest]
        # A part may be empty: its delimiter begins with the line break that ends the headers.
        while not self._ended and len(self._held) < len(self._delimiter):
            self._more(is_needed=False)
        if self._held.startswith(self._delimiter[2:]):
            self._held[:0] = b"\r\n"
        self._in_part = True
        return _headers(text, number)

    def pieces(self) -> Iterator[bytes]:
        """What is left of the part."""
        while self._in_part:
            at = self._held.find(self._delimiter)
            if at < 0:
                keep = len(self._delimiter) - 1
                if len(self._held) > keep:
                    piece = bytes(self._held[:-keep])
                    del self._held[:-keep]
                    yield piece
                self._more()
                continue
            after = at + len(self._delimiter)
            while not self._ended and len(self._held) < after + _PADDING + 2:
                self._more(is_needed=False)
            line = bytes(self._held[after : after + _PADDING + 2])
            if line.startswith(b"--"):
                self._in_part, self.is_over = False, True
            elif (end := line.find(b"\r\n")) >= 0 and not line[:end].strip(b" \t"):
                self._in_part = False
                after += end + 2
            else:
                # Content that looks like it.
                piece = bytes(self._held[:after])
                del self._held[:after]
                yield piece
                continue
            last = bytes(self._held[:at])
            del self._held[:after]
            if last:
                yield last

    def _more(self, number: int | None = None, *, is_needed: bool = True) -> None:
        piece = b"" if self._ended else self._read(PIECE)
        if piece:
            self._held += piece
            return
        self._ended = True
        if is_needed:
            where = "" if number is None else f" in the headers of part {number + 1}"
            raise Malformed(f"the body ends{where} before its last boundary")


def _headers(text: bytes, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    # A line that begins with white space goes on with the one before.
    for line in re.sub(rb"\r\n[ \t]+", b" ", text).decode("latin-1").split("\r\n"):
        name, is_there, value = line.partition(":")
        if not line:
            continue
        if not is_there or not name.strip():
            raise Malformed(f"part {number + 1}: a header has no colon")
        found.setdefault(name.strip().lower(), value.strip())
    return found
