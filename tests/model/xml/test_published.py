"""HL7's published examples, through the conformance runner."""

from __future__ import annotations

import json

import pytest

from conformance.xml import run


@pytest.mark.skipif(not run.DATA.exists(), reason="../shared/data is not at hand")
def test_exactly_the_expected_examples_differ_between_json_and_xml():
    wrong = {name for name, text in run.failures() if text is not None}

    assert wrong == set(json.loads(run.EXPECTED.read_text()))
