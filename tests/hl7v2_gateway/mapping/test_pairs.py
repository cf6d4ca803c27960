"""Published pairs of messages and Bundles. They are not in the project."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest

import hl7v2_gateway.mapping
from conformance.hl7v2.explaining import EXPLAINED
from conformance.hl7v2.facts import Fact, facts
from conformance.hl7v2.run import FAMILIES, PAIRS, Score, judged

TABLES = Path(hl7v2_gateway.mapping.__file__).with_name("tables")
# A row, or several of one map: `ORC[ServiceRequest].8, 11`, `ORU_R01.49`, `PRT[Device].12 to 24`.
NAMED = re.compile(
    r"(?P<map>[A-Z0-9]{2,3}\[[A-Za-z-]+\]|[A-Z]{3}_[A-Z0-9]{3})\.(?P<rows>\d+(?:, \d+)*)"
)

are_here = pytest.mark.skipif(
    not PAIRS.is_dir(), reason="the pairs aren't here (../shared/data/hl7v2/pairs)"
)


@functools.cache
def _microsoft() -> Score:
    return judged(PAIRS / FAMILIES[0])


@are_here
@pytest.mark.parametrize("family", FAMILIES)
def test_97_percent_of_the_facts_of_a_family_agree(family: str) -> None:
    score = judged(PAIRS / family)

    assert score.pairs
    # One has only ORU in MSH-9: which event it is, it does not say.
    assert len(score.failed) <= score.pairs // 100
    assert score.recall >= 0.97, score.missing.most_common(10)
    assert score.precision >= 0.97, score.extra.most_common(10)
    # What more is lost than explained.json knows of is a regression; what more we make may be new.
    assert not [key for key in score.exceeded if key.startswith("-")]


@are_here
@pytest.mark.parametrize(
    "path",
    ["Location.name", "Practitioner.name.suffix", "Encounter.participant.individual->"],
)
def test_a_lost_value_is_not_excused_by_an_explanation(path: str) -> None:
    folder, before = PAIRS / FAMILIES[0], _microsoft()

    def without(bundle: dict[str, Any]) -> set[Fact]:
        return {f for f in facts(bundle) if f"{f[0]}.{f[1]}" != path}

    lost = judged(folder, without)

    gone = before.shared - lost.shared
    assert gone
    # All that is gone is missed, but for what the explanations of the path had to spare: nothing.
    assert lost.missing[path] - before.missing[path] == gone


def test_an_explanation_says_what_shape_its_differences_have() -> None:
    for rows in json.loads(EXPLAINED.read_bytes())["families"].values():
        for row in rows:
            assert row["row"]
            for path, shape in row["differences"].items():
                assert shape["most"] > 0, path
                assert shape.get("in") or shape.get("from") or shape.get("values"), path


def test_the_rows_that_explanations_name_are_in_the_tables() -> None:
    rows = {
        name: {row["row"] for row in of_map}
        for file in ("segments", "datatypes", "messages")
        for name, of_map in json.loads((TABLES / f"{file}.json").read_bytes())["maps"].items()
    }
    named = [
        (m["map"], int(number), explained["row"])
        for family in json.loads(EXPLAINED.read_bytes())["families"].values()
        for explained in family
        for m in NAMED.finditer(explained["row"])
        for number in re.findall(r"\d+", m["rows"])
    ]

    assert len(named) > 200
    assert [n for n in named if n[1] not in rows.get(n[0], ())] == []
