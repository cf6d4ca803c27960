"""HL7's GraphQL and GraphDefinition tests: conformance/graphql."""

from __future__ import annotations

import json

import pytest

from conformance.graphql import run


@pytest.mark.skipif(not run.DATA.exists(), reason="../shared/data is not at hand")
def test_exactly_the_expected_cases_fail(own_client):
    wrong = {name for name, text in run.failures(own_client) if text is not None}

    assert wrong == set(json.loads(run.EXPECTED.read_text()))
