"""HL7's own tests, through the conformance runner."""

import json

import pytest

from conformance.validator import run


@pytest.mark.skipif(not run.DATA.exists(), reason="../shared/data/validator-r4 is not at hand")
def test_exactly_the_expected_rows_of_hl7_disagree() -> None:
    outcomes = {row.name: run.outcome(row, run.issues(row)) for row in run.rows()}
    expected = json.loads(run.EXPECTED.read_text())

    assert {n for n, (verdict, _) in outcomes.items() if not verdict} == set(expected["verdicts"])
    assert {n for n, (v, paths) in outcomes.items() if v and not paths} == set(expected["paths"])
