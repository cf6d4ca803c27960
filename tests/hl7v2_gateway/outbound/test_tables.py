"""The tables hold together: expressions compile, segments have tables, events have messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fhirserver import fhirpath
from hl7v2_gateway.outbound import tables, tabulated
from hl7v2_gateway.outbound.filling import filled  # noqa: F401 - it makes the writers known
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.outbound.writing import writers

FOLDER = Path(tables.__file__).parent
SEGMENTS = sorted(p.stem for p in (FOLDER / "segments").glob("*.json"))
BEFORE_THEIR_TIME = frozenset({"OBX-29"})
"""The guide of electronic laboratory reporting has it in 2.5.1."""
CODES = sorted(p.stem for p in (FOLDER / "codes").glob("*.json"))


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", SEGMENTS)
def test_the_expressions_of_a_segment_compile(name: str) -> None:
    kind = name.partition("[")[2].rstrip("]") or "Patient"
    for rule in tabulated.rules(name, Wishes()):
        for expression in (*rule.sources, *([rule.when] if rule.when else [])):
            fhirpath.compile(expression, "Patient" if kind == "none" else kind)


@pytest.mark.parametrize("name", SEGMENTS)
def test_the_fields_of_a_segment_have_writers_and_codes(name: str) -> None:
    types = {data_type for data_type, _ in writers} | {"KIND", "VALUE"}
    for rule in tabulated.rules(name, Wishes()):
        assert rule.data_type in types, rule
        assert rule.table is None or rule.table in CODES, rule


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8.2"])
def test_no_field_is_sent_that_its_version_lacks(version: str) -> None:
    """Held against hl7apy's dictionaries, a second opinion."""
    module = import_module(f"hl7apy.v{version.replace('.', '_')}")
    known: Mapping[str, Any] = module.SEGMENTS
    wishes = Wishes(version=version)
    missing = []
    for name in SEGMENTS:
        segment = name.partition("[")[0]
        if segment not in known:
            continue
        fields = {field[0] for field in known[segment][1]}
        missing += [
            f"{segment}-{rule.field}"
            for rule in tabulated.rules(name, wishes)
            if f"{segment}-{rule.field}" not in BEFORE_THEIR_TIME
            and rule.is_for(wishes)
            and f"{segment}_{rule.field}" not in fields
        ]

    assert missing == []


def test_every_event_that_follows_has_a_message() -> None:
    wanted = set()
    for given in _read(FOLDER / "events.json").values():
        by = {e for key, e in given.get("event_by", {}).items() if key != "fact"}
        wanted |= by
        for rule in given["rules"]:
            wanted |= {rule["event"], rule.get("during_visit", rule["event"])} - {"order"}

    assert wanted <= tabulated.events()


def test_every_segment_of_a_message_has_a_table() -> None:
    kept = json.loads((FOLDER / "keeping.json").read_text())
    named = {name.partition("[")[0] for name in SEGMENTS} | kept["whole"].keys()

    for path in (FOLDER / "messages").glob("*.json"):
        assert {item["segment"] for item in _segments(_read(path)["content"])} <= named, path.stem


@pytest.mark.parametrize("name", CODES)
def test_codes_say_where_they_are_from_and_where_they_lead(name: str) -> None:
    table = _read(FOLDER / "codes" / f"{name}.json")

    assert table["from"]
    assert table["to"]
    assert all(isinstance(code, str) for code in table["codes"].values())


def _segments(items: list[Any]) -> Iterator[Any]:
    for item in items:
        if "group" in item:
            yield from _segments(item["group"])
        else:
            yield item
