"""What the conversion reads of a segment: fields, repetitions, components, decoded once.

A conversion looks at most fields several times (condition, value, what is left over), so each field
is taken out of the message once. `""` (the HL7 null) counts as a value that deletes: `is_null`.
"""

from __future__ import annotations

from typing import Final

NULL: Final = '""'


class Repetition:
    """One repetition of a field: components by number, each a tuple of subcomponents."""

    __slots__ = ("components", "is_null")

    def __init__(self, components: tuple[tuple[str, ...], ...]) -> None:
        self.components = components
        self.is_null = components == ((NULL,),)

    def text(self, component: int = 1, sub: int = 1) -> str:
        """A component's text; 0 is the first that has one. The null is no text."""
        if component == 0:
            for c in self.components:
                for s in c:
                    if s and s != NULL:
                        return s
            return ""
        if component > len(self.components):
            return ""
        parts = self.components[component - 1]
        value = parts[sub - 1] if sub <= len(parts) else ""
        return "" if value == NULL else value

    def said(self, component: int) -> str:
        """A component's text, whichever of its subcomponents has it."""
        if component == 0 or component > len(self.components):
            return self.text(component)
        for s in self.components[component - 1]:
            if s and s != NULL:
                return s
        return ""

    def component(self, number: int) -> Repetition:
        """A component as a value of its own: its subcomponents become components."""
        if number > len(self.components):
            return EMPTY
        return Repetition(tuple((s,) for s in self.components[number - 1]))

    def has(self, number: int) -> bool:
        """Whether anything is in this component."""
        return number <= len(self.components) and any(
            s and s != NULL for s in self.components[number - 1]
        )

    def __bool__(self) -> bool:
        for c in self.components:
            for s in c:
                if s:
                    return True
        return False


EMPTY: Final = Repetition(())


class View:
    """One segment: `fields[n]` are the repetitions of field n that aren't empty."""

    __slots__ = ("fields", "index", "name")

    def __init__(self, name: str, index: int, fields: list[tuple[Repetition, ...]]) -> None:
        self.name = name
        self.index = index
        self.fields = fields

    def field(self, number: int) -> tuple[Repetition, ...]:
        """The repetitions of a field."""
        return self.fields[number] if number < len(self.fields) else ()

    def first(self, number: int) -> Repetition:
        """The first repetition of a field, which may be empty."""
        fields = self.fields
        found = fields[number] if number < len(fields) else ()
        return found[0] if found else EMPTY

    def text(self, number: int, component: int = 0) -> str:
        """The text of a component of the first repetition; 0 is the first component with text."""
        return self.first(number).said(component)
