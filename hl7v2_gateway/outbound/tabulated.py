"""The tables as they are read: rules for fields, and what a message consists of.

    tables/segments/PID[Patient].json    a field each: from which FHIRPath, as which data type
    tables/messages/ADT_A01.json         segments and groups, in order

A receiver's overlays have the same form: a rule for a field replaces the one of the table, one with
`"from": null` takes it away; a message replaces the message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from fhirserver.model import json
from hl7v2_gateway.outbound.wishes import Wishes, version_number

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """What stands in a field, or in one component of it.

    `names` are what systems of codes are called in this field.

    `sources` are FHIRPath expressions, of which the first that gives something counts; `value` is
    a constant instead: `#` is the running number, `#name` that of a group.
    """

    field: int
    component: int | None
    data_type: str
    sources: Sequence[str] = ()
    value: str | None = None
    table: str | None = None
    otherwise: str | None = None
    when: str | None = None
    repeats: bool = False
    names: Mapping[str, str] | None = None
    since: tuple[int, ...] = ()
    until: tuple[int, ...] = (9,)

    def is_for(self, wishes: Wishes) -> bool:
        """Whether the receiver's version has it."""
        number = wishes.number
        return self.since <= number and number[: len(self.until)] <= self.until


def message(event: str, wishes: Wishes) -> Tree | None:
    """What a message of this event consists of; None when there is no table of it."""
    for overlay in reversed(wishes.overlays):
        for found in overlay.get("messages", ()):
            if event in found["events"]:
                return dict(found)
    return _messages().get(event)


def rules(name: str, wishes: Wishes) -> Sequence[Rule]:
    """The rules of a segment table, with the receiver's overlays over it."""
    given = _segment(name)
    for overlay in wishes.overlays:
        changed = overlay.get("segments", {}).get(name, ())
        if changed:
            named = {rule["field"] for rule in changed}
            kept = [r for r in given if r["field"] not in named]
            given = [*kept, *(r for r in changed if r.get("from") or r.get("value") is not None)]
    if wishes.overlays:
        return tuple(rule_of(rule) for rule in given)
    return _compiled(name)


def has_table(name: str, wishes: Wishes) -> bool:
    """Whether there is a table of this name."""
    return bool(_segment(name)) or any(name in o.get("segments", {}) for o in wishes.overlays)


@cache
def _compiled(name: str) -> Sequence[Rule]:
    return tuple(rule_of(given) for given in _segment(name))


def rule_of(given: Tree) -> Rule:
    """A rule from its JSON."""
    number, _, component = given["field"].partition("-")[2].partition(".")
    sources = given.get("from", ())
    return Rule(
        int(number),
        int(component) if component else None,
        given.get("as", "ST"),
        (sources,) if isinstance(sources, str) else tuple(sources),
        given.get("value"),
        given.get("map"),
        given.get("otherwise"),
        given.get("when"),
        given.get("repeats", False),
        given.get("names"),
        version_number(given["since"]) if "since" in given else (),
        version_number(given["until"]) if "until" in given else (9,),
    )


@cache
def _segment(name: str) -> Sequence[Tree]:
    file = resources.files("hl7v2_gateway.outbound.tables").joinpath("segments", f"{name}.json")
    return tuple(json.parse_object(file.read_bytes())["fields"]) if file.is_file() else ()


@cache
def _messages() -> Mapping[str, Tree]:
    folder = resources.files("hl7v2_gateway.outbound.tables").joinpath("messages")
    found = [
        json.parse_object(f.read_bytes()) for f in folder.iterdir() if f.name.endswith(".json")
    ]
    return {event: one for one in found for event in one["events"]}


def events() -> frozenset[str]:
    """The events that there are tables of."""
    return frozenset(_messages())
