"""HL7's own tests, through the conformance runner."""

import json

import pytest

from conformance.validator import run


@pytest.mark.skipif(not run.DATA.exists(), reason="../shared/data/validator-r4 is not at hand")
def test_exactly_the_expected_rows_of_hl7_disagree() -> None:
    expected = json.loads(run.EXPECTED.read_text())
    wrong: dict[str, set[str]] = {kind: set() for kind in expected}
    for row in run.rows():
        has_verdict, has_paths = run.outcome(row, run.issues(row))
        if not has_paths:
            wrong[run.kind_of(row, expected, has_verdict=has_verdict)].add(row.name)

    assert wrong == {kind: set(names) for kind, names in expected.items()}
