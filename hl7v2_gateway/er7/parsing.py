"""From bytes to a Message: only segments are found here, the rest is split when asked for.

Tolerant where a sender's slip leaves no doubt what was meant: LF or CRLF for CR, a missing last CR,
blank lines, and, told as Problems, spaces before a segment's name and line breaks inside of a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from hl7v2_gateway.er7 import charsets, delimiters
from hl7v2_gateway.er7.elements import syntax_of
from hl7v2_gateway.er7.messages import Message
from hl7v2_gateway.er7.places import Place
from hl7v2_gateway.er7.problems import DATA_TYPE, SEQUENCE, Malformed, Problem
from hl7v2_gateway.er7.segments import Segment

_AROUND: Final = "\x0b\x1c\x00\ufeff \t\r\n"
_FRAMING: Final = "\x0b\x1c\x00\x1a \t"
_MOST_PROBLEMS: Final = 100


def parse(raw: bytes, charset: str | None = None) -> Message:
    """The message in these bytes. `charset` (a name of table 0211) is for senders who declare none.

    >>> parse(b"MSH|^~\\\\&|LAB\\rPID|||7^^^A&1.2&ISO\\r").value("PID-3.4.2")
    '1.2'
    """
    decoded = charsets.decoded(_returned(raw), charset)
    text = decoded.text
    if not text.startswith("MSH"):
        text = text.lstrip(_AROUND)
        if not text.startswith("MSH"):
            raise Malformed(SEQUENCE, Place("MSH"), "a message must begin with the segment MSH")
    separator = text[3:4]
    lines = _lines(text, separator)
    header = lines[0].split(separator, 2) if separator else []
    characters, odd = delimiters.of(separator, header[1] if len(header) > 1 else "")
    problems = decoded.problems + odd
    syntax = syntax_of(characters, decoded.codec)
    del text, decoded, header  # a document of 20 MB is held once less

    begins = _beginning(separator).match
    if all(map(begins, lines)):
        found: Iterable[tuple[str, str]] = [(line[:3], line) for line in lines]
    else:
        found, odd = _mended(lines, separator)
        problems += odd
    segments: list[Segment] = []
    named: dict[str, list[Segment]] = {}
    for index, (name, line) in enumerate(found):
        same = named.get(name)
        if same is None:
            same = named[name] = []
        segment = Segment(name, index, len(same) + 1, line, syntax)
        segments.append(segment)
        same.append(segment)
    if len(named["MSH"]) > 1:
        text = "a second MSH: two messages came as one; frame each of them"
        problems += (Problem(SEQUENCE, Place("MSH", 2), text, "E"),)
    return Message(raw, tuple(segments), named, problems)


def _returned(raw: bytes) -> bytes:
    """With CR for CRLF, and for LF where there is no CR: as bytes, of which text may take four."""
    if b"\n" not in raw or charsets.is_wide(raw):
        return raw
    raw = raw.replace(b"\r\n", b"\r").replace(b"\n\r", b"\r")
    return raw if b"\r" in raw else raw.replace(b"\n", b"\r")


@lru_cache(maxsize=64)
def _beginning(separator: str) -> re.Pattern[str]:
    """How the line of a segment begins. The names are those of 2.5.2: three capitals or digits."""
    return re.compile(rf"[A-Z][A-Z0-9]{{2}}(?:{re.escape(separator)}|$)")


def _lines(text: str, separator: str) -> list[str]:
    """The segments; a line feed ends one only where what follows looks like another."""
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n\r", "\r")
        if "\r" not in text:
            text = text.replace("\n", "\r")
        elif "\n" in text:
            text = re.sub(rf"\n(?=[A-Z][A-Z0-9]{{2}}{re.escape(separator)})", "\r", text)
    lines = text.split("\r")
    if not lines[-1]:
        lines.pop()
    return lines


def _mended(lines: list[str], separator: str) -> tuple[list[tuple[str, str]], tuple[Problem, ...]]:
    """Names and lines, when some line doesn't begin as segments do.

    It has spaces before it, is blank, or is the rest of a text with a line break in it, which
    belongs to the segment before.
    """
    begins = _beginning(separator).match
    found: list[tuple[str, list[str]]] = []
    counts: dict[str, int] = {}
    problems: list[Problem] = []

    def begin(name: str, line: str, oddity: str) -> None:
        found.append((name, [line]))
        counts[name] = counts.get(name, 0) + 1
        if oddity:
            tell(SEQUENCE, oddity)

    def tell(code: str, text: str) -> None:
        if len(problems) < _MOST_PROBLEMS:
            problems.append(Problem(code, Place(found[-1][0], counts[found[-1][0]]), text))

    for line in lines:
        if begins(line):
            begin(line[:3], line, "")
            continue
        plain = line.strip(_FRAMING)
        if not plain:
            continue
        if begins(plain):
            begin(plain[:3], plain, "characters before the name of the segment are left out")
        elif len(found) == 1:
            begin(plain.split(separator, 1)[0][:3], plain, "is no name of a segment")
        else:
            if len(found[-1][1]) == 1:
                tell(
                    DATA_TYPE, "holds a line break, which must be escaped; the next line was added"
                )
            found[-1][1].append(line)
    return [(name, "\n".join(parts)) for name, parts in found], tuple(problems)
