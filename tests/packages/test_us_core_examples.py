"""The examples of US Core 6.1.0, through the conformance runner."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from conformance.us_core_examples import run  # noqa: E402

pytestmark = pytest.mark.skipif(
    not run.FILE.exists(), reason="../shared/data/us-core is not at hand"
)


def test_exactly_the_expected_examples_have_errors() -> None:
    failed = {e.name for e in run.examples() if e.errors}

    assert failed == set(json.loads(run.EXPECTED.read_text()))


def test_every_profile_that_an_example_declares_is_one_of_us_core() -> None:
    known = {r["url"] for r in run.us_core().definitions}
    declared = {p.partition("|")[0] for e in run.examples() for p in e.profiles}
    ours = {p for p in declared if p.startswith("http://hl7.org/fhir/us/core/")}

    assert len(ours) > 40
    assert ours <= known
