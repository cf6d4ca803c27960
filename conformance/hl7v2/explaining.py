"""Why a difference from a published Bundle is right: `explained.json`, narrow enough to trust.

An explanation stands for one path, and only where its `shape` holds, so that a value that gets
lost by mistake isn't excused by a neighbour's reason:

- `in`: the value is said elsewhere, at one of these paths of the other side;
- `from`: the value is what one of these fields of the message says;
- `values`: the value is one of these;
- `most`: how many such differences the published pairs have; more of them are a regression.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance.hl7v2.facts import Fact, plain
from hl7v2_gateway.er7 import Message

EXPLAINED: Final = Path(__file__).with_name("explained.json")
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME: Final = re.compile(r"\d{4,14}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One path's reason and the shape of the differences it stands for."""

    row: str
    elsewhere: frozenset[str]
    fields: frozenset[str]
    values: frozenset[str]
    most: int

    def holds(self, value: str, other: Iterable[Fact], said: Mapping[str, set[str]]) -> bool:
        """Whether a difference with this value has the shape."""
        if value in self.values:
            return True
        day = _DAY.match(value)
        if day is not None and self.fields & said.get("".join(day.groups()), _NOWHERE):
            return True
        if self.fields & said.get(value, _NOWHERE):
            return True
        return bool(self.elsewhere) and any(
            f"{f[0]}.{f[1]}" in self.elsewhere and f[2] == value for f in other
        )


_NOWHERE: Final[set[str]] = set()


@dataclass(slots=True)
class Explanations:
    """All of a family, by sign and path, and how often each was needed."""

    known: dict[str, Explanation]
    needed: dict[str, int] = field(default_factory=dict)

    def explain(
        self, sign: str, fact: Fact, other: Iterable[Fact], said: Mapping[str, set[str]]
    ) -> str | None:
        """The row that decides a difference, None where nothing explains it."""
        key = f"{sign}{fact[0]}.{fact[1]}"
        found = self.known.get(key)
        if found is None or not found.holds(fact[2], other, said):
            return None
        self.needed[key] = self.needed.get(key, 0) + 1
        return found.row if self.needed[key] <= found.most else None

    @property
    def exceeded(self) -> list[str]:
        """Explanations that were needed more often than the published pairs need them."""
        return sorted(k for k, n in self.needed.items() if n > self.known[k].most)


def explanations(family: str) -> Explanations:
    """The explanations of a family of pairs."""
    rows: list[dict[str, Any]] = json.loads(EXPLAINED.read_bytes())["families"].get(family, [])
    known = {}
    for row in rows:
        for key, shape in row["differences"].items():
            known[key] = Explanation(
                row["row"],
                frozenset(shape.get("in", ())),
                frozenset(shape.get("from", ())),
                frozenset(shape.get("values", ())),
                shape["most"],
            )
    return Explanations(known)


def said(message: Message) -> dict[str, set[str]]:
    """Each text of a message, in the spelling of facts, and the fields that say it."""
    found: dict[str, set[str]] = {}
    for segment in message.segments:
        for one in segment.fields:
            place = f"{segment.name}-{one.number}"
            for repetition in one.repetitions:
                for component in repetition.components:
                    for sub in component.subcomponents:
                        for text in _spellings(sub.text):
                            found.setdefault(text, set()).add(place)
    return found


def _spellings(text: str) -> Iterable[str]:
    yield plain(text)
    time = _TIME.match(text)
    if time is not None:
        # A day, to compare with the date of whatever FHIR makes of it.
        yield time[0][:8]
