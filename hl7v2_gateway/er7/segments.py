"""A segment of a message: a name and fields, split when the first of them is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from hl7v2_gateway.er7.delimiters import HEADERS
from hl7v2_gateway.er7.elements import Field, Subcomponent, Syntax, nth
from hl7v2_gateway.er7.places import Place


class Segment:
    """`index` counts all segments of the message from 0, `sequence` those of this name from 1."""

    __slots__ = ("_fields", "index", "name", "raw", "sequence", "syntax")

    def __init__(self, name: str, index: int, sequence: int, raw: str, syntax: Syntax) -> None:
        self.name: str = name
        self.index = index
        self.sequence: int = sequence
        self.raw = raw
        self.syntax: Syntax = syntax
        self._fields: list[str] | None = None

    @property
    def place(self) -> Place:
        return Place(self.name, self.sequence)

    def __len__(self) -> int:
        """The number of the last field that was sent."""
        return len(self._split()) - 1

    def __bool__(self) -> bool:
        return True

    def field(self, number: int) -> Field:
        fields = self._split()
        return Field(self, number, fields[number] if 0 < number < len(fields) else "")

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(Field(self, n, raw) for n, raw in enumerate(self._split()) if n)

    def value(
        self, field: int, component: int = 1, subcomponent: int = 1, repetition: int = 1
    ) -> str | None:
        """One leaf, unescaped: None for nothing, NULL for `""`."""
        fields = self._fields or self._split()
        if field >= len(fields):
            return None
        raw = fields[field]
        if field < 3 and self.is_literal(field):
            return raw if repetition == component == subcomponent == 1 else None
        # The busiest lines of the gateway: no calls where nothing is to be split.
        between_repetitions, between_components, between_subcomponents, escape = (
            self.syntax.characters
        )
        if between_repetitions in raw:
            raw = nth(raw, between_repetitions, repetition)
        elif repetition != 1:
            return None
        if between_components in raw:
            raw = nth(raw, between_components, component)
        elif component != 1:
            return None
        if between_subcomponents in raw:
            raw = nth(raw, between_subcomponents, subcomponent)
        elif subcomponent != 1:
            return None
        if escape in raw:
            return self.syntax.unescape(raw)
        return raw or None

    def leaves(self) -> Iterator[Subcomponent]:
        """Every subcomponent that says something, in the order of the message."""
        for number, raw in enumerate(self._split()):
            if number and raw:
                yield from Field(self, number, raw).leaves()

    def is_literal(self, field: int) -> bool:
        """Whether the field holds the delimiters themselves."""
        return field < 3 and self.name in HEADERS

    def _split(self) -> list[str]:
        if self._fields is None:
            separator = self.syntax.delimiters.field
            fields = self.raw.split(separator)
            if self.name in HEADERS:
                fields.insert(1, separator)
            self._fields = fields
        return self._fields

    def __repr__(self) -> str:
        return f"<Segment {self.place.path}>"
