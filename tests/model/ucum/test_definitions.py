"""UCUM's own definitions, through the conformance runner."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from conformance.ucum import run  # noqa: E402


@pytest.mark.skipif(not run.SUITE.exists(), reason="../shared/data/ucum is not at hand")
def test_units_are_as_large_as_ucum_says() -> None:
    failures = {name for name, why in run.results() if why}

    assert failures == set(json.loads(run.EXPECTED.read_text()))
