"""One test for each field that is kept: it is in an extension, and from there in its field again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from hl7v2_gateway.mapping.context import Context
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.keeping import keep
from hl7v2_gateway.mapping.views import View
from hl7v2_gateway.outbound import kept, tables
from hl7v2_gateway.outbound.filling import filled  # noqa: F401 - it makes the writers known
from hl7v2_gateway.outbound.restoring import restoring
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.outbound.writing import Writing
from tests.hl7v2_gateway.mapping.sampling import VALUES, repetition
from tests.hl7v2_gateway.outbound.hospital import Memory

TABLE = json.loads((Path(tables.__file__).parent / "keeping.json").read_text())
VERSION = "2.8.2"


def _fields() -> Iterator[tuple[str, str, int, str]]:
    for segment, homes in TABLE["homes"].items():
        for home in homes:
            for number, (type_, told) in kept.fields(segment, home, VERSION).items():
                if not told:
                    yield segment, home, number, type_
    for segment in TABLE["whole"]:
        for number, (type_, _) in kept.fields(segment, "", VERSION).items():
            yield segment, "", number, type_


def _again(segment: str, home: str, number: int, text: str) -> tuple[Any, tuple[Any, ...]]:
    """What has the field after a conversion, and the field as it leaves."""
    kind, _, path = (home or TABLE["whole"][segment][0]).partition(".")
    draft = Draft(kind, {"resourceType": kind, **({path: [{}]} if path else {})}, 0)
    sent = repetition(text)
    view = View(segment, 0, [()] * number + [(sent,)])
    context = Context(UTC, {}, restore=restoring(VERSION))

    keep(restoring(VERSION), view, [draft] if home else [], {kind: draft}, {}, context)

    node = draft.resource[path][0] if path else draft.resource
    if not home:
        node = node["extension"][0]
    where = "Extension" if not home else home
    writing = Writing(Wishes(version=VERSION), Memory(()))
    made = kept.put_back(segment, f"{segment}[{where}]", (where, node, None), writing, {})
    return node, made.get(number, ())


@pytest.mark.parametrize(("segment", "home", "number", "type_"), list(_fields()))
def test_a_field_that_is_kept_comes_back(segment: str, home: str, number: int, type_: str) -> None:
    text = VALUES.get(type_, "text")

    node, again = _again(segment, home, number, text)

    assert node["extension"][0]["url"].endswith(f"hl7v2-{segment}.{number}")
    wanted = repetition(text).components
    assert len(again) == 1
    for n, component in enumerate(wanted):
        for m, part in enumerate(component):
            if part:
                assert again[0][n][m].startswith(part.removesuffix("+0100"))


def test_a_null_takes_away_what_was_kept_before() -> None:
    draft = Draft("Encounter", {"resourceType": "Encounter"}, 0)
    view = View("PV2", 0, [()] * 23 + [(repetition('""'),)])

    keep(restoring(VERSION), view, [draft], {}, {}, Context(UTC, {}, restore=restoring(VERSION)))

    assert f"extension:{kept.KEPT}PV2.23" in draft.cleared
    assert "extension" not in draft.resource
