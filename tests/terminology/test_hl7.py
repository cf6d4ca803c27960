"""HL7's terminology server tests: conformance/terminology."""

from __future__ import annotations

import json

import pytest

from conformance.server import client_on
from conformance.terminology.run import EXPECTED, FOLDER, MOST_CODES, cases, run


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the terminology tests are not in {FOLDER}")
def test_hl7s_terminology_tests_pass_but_for_those_that_are_explained(database_url):
    expected = json.loads(EXPECTED.read_text())
    chosen = cases()

    report = run(client_on(database_url, max_expansion_codes=MOST_CODES), chosen)

    assert report.unexplained(expected) == []
    assert report.not_needed(expected, chosen) == []
    assert report.total.total() > 590
