"""A segment as it is to be sent: text by field, repetition, component and subcomponent.

Nothing is escaped yet, and there are no delimiters: `composing` writes it for a receiver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Component = tuple[str, ...]
"""Its subcomponents."""
Repetition = tuple[Component, ...]

Part = str | Sequence[str] | None
"""A component as writers give it: a text, its subcomponents, or nothing."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment's name and fields, by number."""

    name: str
    fields: Mapping[int, tuple[Repetition, ...]]

    def value(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A text of the first repetition; empty when there is none.

        >>> Segment("PID", {8: ((("F",),),)}).value(8)
        'F'
        """
        for repetition in self.fields.get(field, ())[:1]:
            for part in repetition[component - 1 : component]:
                return part[subcomponent - 1] if len(part) >= subcomponent else ""
        return ""


def repetition(*parts: Part) -> Repetition:
    """From what a writer gives, without what is empty at its end.

    >>> repetition("1", None, ["a", ""], "")
    (('1',), (), ('a',))
    """
    written = [_component(part) for part in parts]
    while written and not written[-1]:
        written.pop()
    return tuple(written)


def _component(part: Part) -> Component:
    texts = [part] if isinstance(part, str) else list(part or ())
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)
