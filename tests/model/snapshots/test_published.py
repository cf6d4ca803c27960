"""The published snapshots, through the conformance runner."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from conformance.snapshots import run  # noqa: E402


def test_exactly_the_expected_snapshots_differ_from_the_published_ones() -> None:
    suites = set()
    differing = set()
    for case in run.cases():
        suites.add(case.suite)
        if any(run.differences(case)):
            differing.add(case.name)
    expected = {n for n in json.loads(run.EXPECTED.read_text()) if n.partition(":")[0] in suites}

    assert differing == expected
