"""Where the elements of a resource stand in the text that it was sent as: lines and columns.

A second pass over a text that has been read already; only `$validate` asks for it.

    places = positions(body, "json")
    places.of("Patient.name[0].family")        # (7, 19), counted from 1
"""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from xml.parsers import expat

# Of longer texts nobody wants to know the line, and a map of them is large.
MAX_BYTES: Final = 8_000_000

_STEP: Final = re.compile(r"\.([A-Za-z0-9]+)(?:\[(\d+)\])?")
_TOKEN: Final = re.compile(r'[{}\[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}\[\]:,"]+')


@dataclass(slots=True)
class _Place:
    """An element: where it begins, the members of an object, the items of a list."""

    line: int
    column: int
    members: dict[str, _Place] = field(default_factory=dict)
    items: list[_Place] = field(default_factory=list)

    def member(self, name: str) -> _Place | None:
        """What an element is called in the text: `value` may be `valueString` or `_value`."""
        found = self.members.get(name) or self.members.get(f"_{name}")
        if found is not None:
            return found
        # A choice of types is written with its type.
        return next(
            (
                place
                for key, place in self.members.items()
                if key.lstrip("_").startswith(name) and key.lstrip("_")[len(name) :][:1].isupper()
            ),
            None,
        )


class Positions:
    """The places in one text."""

    def __init__(self, top: _Place) -> None:
        self._top = top

    def of(self, expression: str) -> tuple[int, int]:
        """Line and column of an element, or of the nearest one around it that is there."""
        place = self._top
        for name, number in _STEP.findall(expression.partition(" ")[0]):
            found = place.member(name)
            if found is None:
                break
            index = int(number or 0)
            if number and index >= len(found.items):
                break
            place = found.items[index] if found.items else found
        return place.line, place.column


def positions(
    text: bytes, written: Literal["json", "xml"], *, inside: str = ""
) -> Positions | None:
    """The places in a text, None where they can't be told.

    `inside` is the expression of the resource that is meant, in a Parameters resource.
    """
    if len(text) > MAX_BYTES:
        return None
    try:
        top = _of_json(text) if written == "json" else _of_xml(text)
    except (ValueError, IndexError, expat.ExpatError):
        return None
    found = top
    for name, number in _STEP.findall(inside):
        member = found.member(name)
        if member is None:
            return None
        found = member.items[int(number)] if number and member.items else member
    return Positions(found)


def _of_json(body: bytes) -> _Place:
    text = body.removeprefix(BOM_UTF8).decode()
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    tokens = _TOKEN.finditer(text)
    stack: list[_Place] = []
    keys: list[str | None] = []
    top: _Place | None = None
    waiting: tuple[str, int] | None = None
    for token in tokens:
        what = token[0]
        if what in ",:":
            continue
        if what in "}]":
            stack.pop()
            keys.pop()
            continue
        in_object = bool(stack) and keys[-1] is not None
        if in_object and waiting is None:
            waiting = what[1:-1], token.start()
            continue
        # A member of an object begins with its name.
        at = token.start() if waiting is None else waiting[1]
        place = _placed(starts, at)
        if not stack:
            top = place
        elif waiting is not None:
            stack[-1].members[waiting[0]] = place
        else:
            stack[-1].items.append(place)
        waiting = None
        if what in "{[":
            stack.append(place)
            keys.append("object" if what == "{" else None)
    if top is None:
        raise ValueError
    return top


def _placed(starts: Sequence[int], at: int) -> _Place:
    line = bisect_right(starts, at)
    return _Place(line, at - starts[line - 1] + 1)


def _of_xml(body: bytes) -> _Place:
    """Elements by name; one in capitals is a resource, which is where it stands."""
    parser = expat.ParserCreate()
    stack: list[_Place] = []
    top: list[_Place] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        place = _Place(parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        if not stack:
            top.append(place)
        elif name[:1].isupper():
            place = stack[-1]
        else:
            first = stack[-1].members.setdefault(name, _Place(place.line, place.column))
            first.items.append(place)
        stack.append(place)

    def end(_name: str) -> None:
        stack.pop()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    if b"<!" in body.replace(b"<!--", b""):
        raise ValueError
    parser.Parse(body, True)
    return top[0]
