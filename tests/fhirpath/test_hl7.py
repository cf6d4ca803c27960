"""HL7's own tests, through the conformance runner."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from conformance.fhirpath import run  # noqa: E402


@pytest.mark.skipif(not run.SUITE.exists(), reason="../shared/data/fhirpath is not at hand")
def test_exactly_the_expected_tests_of_hl7_fail() -> None:
    failures = {case.name for case in run.cases() if run.failure(case)}

    assert failures == set(json.loads(run.EXPECTED.read_text()))
