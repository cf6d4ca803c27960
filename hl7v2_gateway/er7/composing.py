"""From values to bytes: escaped, delimited and encoded as the receiver wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from hl7v2_gateway.er7 import charsets, escapes, places
from hl7v2_gateway.er7.delimiters import HEADERS, STANDARD, Delimiters
from hl7v2_gateway.er7.elements import NULL, split
from hl7v2_gateway.er7.places import Place
from hl7v2_gateway.er7.segments import Segment

Component = tuple[str, ...]
"""Subcomponents."""
Repetition = tuple[Component, ...]
Field = tuple[Repetition, ...]

T = TypeVar("T")


class Unencodable(Exception):
    """The character set of the receiver lacks a character. `place` is where."""

    def __init__(self, place: Place, charset: str) -> None:
        super().__init__(
            f"{place.path} holds a character that {charset} lacks; send UNICODE UTF-8, or escape it"
        )
        self.place = place


@dataclass(frozen=True, slots=True)
class Line:
    """A segment as values: fields from 1, each of repetitions of components of subcomponents.

    Fields of MSH, FHS and BHS are counted as the standard does; composing fills in the first two.
    """

    name: str
    fields: tuple[Field, ...]

    @property
    def values(self) -> dict[str, str]:
        """Every leaf by its path within the segment, as `line` takes them."""
        return {
            f"{f}({r}).{c}.{s}": text
            for f, field in enumerate(self.fields, 1)
            for r, repetition in enumerate(field, 1)
            for c, component in enumerate(repetition, 1)
            for s, text in enumerate(component, 1)
            if text
        }


def line(name: str, values: Mapping[str, str]) -> Line:
    """A segment from its leaves. `NULL` is written as it is.

    >>> line("PID", {"3.1": "7", "3.4.2": "1.2", "3(2).1": "8"}).fields[2]
    ((('7',), (), (), ('', '1.2')), (('8',),))
    """
    tree: dict[int, dict[int, dict[int, dict[int, str]]]] = {}
    for path, text in values.items():
        place = places.read(f"{name}-{path}")
        if not text or place.field is None:
            continue
        components = tree.setdefault(place.field, {}).setdefault(place.repetition or 1, {})
        components.setdefault(place.component or 1, {})[place.subcomponent or 1] = text
    return Line(
        name,
        tuple(
            tuple(
                tuple(
                    tuple(leaves.get(s, "") for s in range(1, max(leaves, default=0) + 1))
                    for leaves in _filled(components)
                )
                for components in _filled(repetitions)
            )
            for repetitions in _filled(tree)
        ),
    )


def _filled(children: Mapping[int, dict[int, T]]) -> list[dict[int, T]]:
    return [children.get(n, {}) for n in range(1, max(children, default=0) + 1)]


def line_of(segment: Segment) -> Line:
    """The values of a segment that was parsed, without empty ends. Highlighting isn't kept."""
    d = segment.syntax.delimiters
    unescape = segment.syntax.unescape
    fields: list[Field] = []
    for field in segment.fields:
        if segment.is_literal(field.number):
            fields.append(())
            continue
        fields.append(
            _trimmed(
                _trimmed(
                    _trimmed(unescape(leaf) for leaf in split(component, d.subcomponent))
                    for component in split(repetition, d.component)
                )
                for repetition in split(field.raw, d.repetition)
            )
        )
    return Line(segment.name, _trimmed(fields))


def _trimmed(parts: Iterable[T]) -> tuple[T, ...]:
    kept = list(parts)
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)


def compose(
    segments: Iterable[Segment | Line],
    delimiters: Delimiters = STANDARD,
    charset: str | None = None,
    unencodable: Literal["refuse", "escape", "replace"] = "refuse",
) -> bytes:
    """The message as bytes, each segment ended by CR.

    `charset` is a name of table 0211; None is what MSH-18 of the message says, or else ASCII. A
    character that it lacks is refused (Unencodable), escaped as its UTF-8 (`\\X..\\`, which
    few receivers read) or replaced by a question mark.
    """
    lines = [part if isinstance(part, Line) else line_of(part) for part in segments]
    name = charset or _declared(lines) or "ASCII"
    codec = charsets.codec_of(name)
    if codec is None:
        raise ValueError(f"{name!r} is no character set that is known here; use one of table 0211")
    if codec in {"utf-16", "utf-32"}:
        raise ValueError("UTF-16 and UTF-32 can't travel in frames; use UNICODE UTF-8")
    counts: dict[str, int] = {}
    written: list[bytes] = []
    for part in lines:
        counts[part.name] = counts.get(part.name, 0) + 1
        text = _written(part, delimiters)
        try:
            written.append(text.encode(codec))
        except UnicodeEncodeError:
            if unencodable == "replace":
                written.append(text.encode(codec, "replace"))
                continue
            if unencodable == "refuse" or not delimiters.escape:
                raise Unencodable(_where(part, counts[part.name], codec), name) from None
            written.append(_forced(text, codec, delimiters.escape))
    return b"".join(text + b"\r" for text in written)


def _declared(lines: list[Line]) -> str | None:
    header = lines[0] if lines else None
    if header is None or header.name != "MSH" or len(header.fields) < 18:
        return None
    names = ["".join(repetition[0][:1]) if repetition else "" for repetition in header.fields[17]]
    codec, _ = charsets.declared("~".join(names))
    return "JIS" if codec == charsets.JAPANESE else next(iter(names), None)


def _written(part: Line, d: Delimiters) -> str:
    def leaf(text: str) -> str:
        return text if text == NULL else escapes.escape(text, d)

    def joined(delimiter: str, parts: Iterable[str]) -> str:
        kept = _trimmed(parts)
        if len(kept) > 1 and not delimiter:
            raise ValueError("the receiver's delimiters have none for what this message holds")
        return delimiter.join(kept)

    fields = [
        joined(
            d.repetition,
            (
                joined(
                    d.component,
                    (joined(d.subcomponent, map(leaf, component)) for component in repetition),
                )
                for repetition in field
            ),
        )
        for field in part.fields
    ]
    if part.name in HEADERS:
        fields[:2] = [d.encoding_characters]
    return d.field.join(_trimmed([part.name, *fields]))


def _where(part: Line, sequence: int, codec: str) -> Place:
    for path, text in part.values.items():
        try:
            text.encode(codec)
        except UnicodeEncodeError:
            place = places.read(f"{part.name}-{path}")
            return Place(
                part.name,
                sequence,
                place.field,
                place.repetition,
                place.component,
                place.subcomponent,
            )
    return Place(part.name, sequence)


def _forced(text: str, codec: str, escape: str) -> bytes:
    """Encoded, with every character that the set lacks as the bytes it has in UTF-8."""

    def character(c: str) -> bytes:
        try:
            return c.encode(codec)
        except UnicodeEncodeError:
            return f"{escape}X{c.encode('utf-8').hex().upper()}{escape}".encode(codec)

    return b"".join(map(character, text))
