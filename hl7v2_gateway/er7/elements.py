"""What a segment holds: fields, their repetitions, components and subcomponents.

Split when asked, never before. `raw` is what was sent; `text` is the whole element unescaped, as a
primitive data type reads it; `value` is its first leaf, or None where nothing was sent, or `NULL`.
Beyond the end of what was sent everything is there, and empty (2.5.3: trailing delimiters may be
left out).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from hl7v2_gateway.er7 import escapes
from hl7v2_gateway.er7.delimiters import Delimiters
from hl7v2_gateway.er7.places import Place

NULL: Final = '""'
"""The sender says that there is no value any more; saying nothing is something else (2.5.3)."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """How the text of a message is read: one for all its segments."""

    delimiters: Delimiters
    codec: str
    characters: tuple[str, str, str, str]
    """Repetition, component, subcomponent, escape; CR, which no text holds, if not in use."""

    def unescape(self, text: str) -> str:
        return escapes.unescape(text, self.delimiters, self.codec)


@lru_cache(maxsize=256)
def syntax_of(delimiters: Delimiters, codec: str) -> Syntax:
    d = delimiters
    used = (d.repetition, d.component, d.subcomponent, d.escape)
    a, b, c, e = (character or "\r" for character in used)
    return Syntax(delimiters, codec, (a, b, c, e))


def split(raw: str, delimiter: str) -> list[str]:
    return raw.split(delimiter) if delimiter else [raw]


def nth(raw: str, delimiter: str, number: int) -> str:
    """One part of the text, without taking the others apart.

    >>> nth("a^b^c", "^", 2), nth("a", "^", 2), nth("a", "^", 1)
    ('b', '', 'a')
    """
    if not delimiter or delimiter not in raw:
        return raw if number == 1 else ""
    parts = raw.split(delimiter, number)
    return parts[number - 1] if len(parts) >= number else ""


class Owner(Protocol):
    """What a field knows of its segment."""

    @property
    def name(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def syntax(self) -> Syntax: ...
    def is_literal(self, field: int) -> bool: ...


class _Element:
    """What all four have. Not to be changed; no dataclass, for a message makes hundreds."""

    __slots__ = ("raw", "syntax")

    def __init__(self, raw: str, syntax: Syntax) -> None:
        self.raw = raw
        self.syntax = syntax

    @property
    def text(self) -> str:
        return self.syntax.unescape(self.raw)

    @property
    def is_null(self) -> bool:
        return self.raw == NULL

    @property
    def is_truncated(self) -> bool:
        """Whether the sender says that the value was cut short (2.5.5.2)."""
        mark = self.syntax.delimiters.truncation
        return bool(mark) and self.raw.endswith(mark)

    def __bool__(self) -> bool:
        """Whether anything but delimiters was sent."""
        return bool(self.raw) and bool(self.raw.strip(_structure(self.syntax.delimiters)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # without the value: it may be printed into a log


@lru_cache(maxsize=64)
def _structure(delimiters: Delimiters) -> str:
    return delimiters.repetition + delimiters.component + delimiters.subcomponent


def value_of(raw: str, syntax: Syntax) -> str | None:
    """What a leaf says: None for nothing, NULL for `""`."""
    if not raw:
        return None
    escape = syntax.delimiters.escape
    return syntax.unescape(raw) if escape and escape in raw else raw


class Subcomponent(_Element):
    __slots__ = ("component", "number")

    def __init__(self, component: Component, number: int, raw: str) -> None:
        super().__init__(raw, component.syntax)
        self.component = component
        self.number = number

    @property
    def value(self) -> str | None:
        return value_of(self.raw, self.syntax)

    @property
    def place(self) -> Place:
        c = self.component
        f = c.repetition.field
        return Place(
            f.segment.name, f.segment.sequence, f.number, c.repetition.number, c.number, self.number
        )


class Component(_Element):
    __slots__ = ("number", "repetition")

    def __init__(self, repetition: Repetition, number: int, raw: str) -> None:
        super().__init__(raw, repetition.syntax)
        self.repetition = repetition
        self.number = number

    @property
    def subcomponents(self) -> tuple[Subcomponent, ...]:
        parts = split(self.raw, self.syntax.delimiters.subcomponent)
        return tuple(Subcomponent(self, n, part) for n, part in enumerate(parts, 1))

    def subcomponent(self, number: int) -> Subcomponent:
        raw = nth(self.raw, self.syntax.delimiters.subcomponent, number)
        return Subcomponent(self, number, raw)

    @property
    def value(self) -> str | None:
        return value_of(nth(self.raw, self.syntax.delimiters.subcomponent, 1), self.syntax)

    @property
    def place(self) -> Place:
        f = self.repetition.field
        return Place(
            f.segment.name, f.segment.sequence, f.number, self.repetition.number, self.number
        )


class Repetition(_Element):
    __slots__ = ("field", "number")

    def __init__(self, field: Field, number: int, raw: str) -> None:
        super().__init__(raw, field.syntax)
        self.field = field
        self.number = number

    @property
    def components(self) -> tuple[Component, ...]:
        parts = split(self.raw, self.syntax.delimiters.component)
        return tuple(Component(self, n, part) for n, part in enumerate(parts, 1))

    def component(self, number: int) -> Component:
        return Component(self, number, nth(self.raw, self.syntax.delimiters.component, number))

    @property
    def value(self) -> str | None:
        return self.component(1).value

    @property
    def place(self) -> Place:
        segment = self.field.segment
        return Place(segment.name, segment.sequence, self.field.number, self.number)


class Field(_Element):
    """A field of a segment. `component` and `subcomponent` are of its first repetition."""

    __slots__ = ("number", "segment")

    def __init__(self, segment: Owner, number: int, raw: str) -> None:
        super().__init__(raw, segment.syntax if not segment.is_literal(number) else _LITERAL)
        self.segment = segment
        self.number = number

    @property
    def repetitions(self) -> tuple[Repetition, ...]:
        """Those that were sent: none for an empty field."""
        if not self.raw:
            return ()
        parts = split(self.raw, self.syntax.delimiters.repetition)
        return tuple(Repetition(self, n, part) for n, part in enumerate(parts, 1))

    def repetition(self, number: int) -> Repetition:
        return Repetition(self, number, nth(self.raw, self.syntax.delimiters.repetition, number))

    def component(self, number: int) -> Component:
        return self.repetition(1).component(number)

    @property
    def value(self) -> str | None:
        return self.repetition(1).value

    @property
    def place(self) -> Place:
        return Place(self.segment.name, self.segment.sequence, self.number)

    def leaves(self) -> Iterator[Subcomponent]:
        """Every subcomponent that says something, in the order of the message."""
        for repetition in self.repetitions:
            if repetition.raw:
                for component in repetition.components:
                    if component.raw:
                        yield from (leaf for leaf in component.subcomponents if leaf.raw)


_LITERAL: Final = syntax_of(Delimiters("", "", "", "", ""), "ascii")
"""MSH-1 and MSH-2 are delimiters and aren't split at them."""
