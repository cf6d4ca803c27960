"""`Patient/$match` against the mistakes and strangers of conformance/matching, a few of each."""

from __future__ import annotations

import pytest

from conformance.matching.people import FOLDER
from conformance.matching.run import run
from conformance.search_examples.asking import server


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the Synthea data are not in {FOLDER}")
def test_people_are_found_again_and_nobody_is_joined_with_another():
    with server() as on:
        report = run(on, most=3, strangers=100)

    assert report.failures == []
    assert sum(row.cases for row in report.mistaken.values()) > 30
    assert sum(row.cases for row in report.again.values()) > 80
