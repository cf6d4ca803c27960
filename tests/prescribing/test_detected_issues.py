"""Findings as DetectedIssues, and which overrides count."""

from __future__ import annotations

import pytest

from fhirserver.prescribing.checks import Record, check
from fhirserver.prescribing.detected_issues import detected_issue, overridden
from fhirserver.validation import check as validate
from tests.prescribing.builders import a_prescription


@pytest.fixture
def issue(shipped):
    record = Record(medicines=[a_prescription("11289") | {"id": "old"}])
    (finding,) = check([a_prescription("5640") | {"id": "new"}], record, shipped).findings
    return detected_issue(finding, "Patient/p", "2026-11-29T12:00:00Z")


def test_it_is_valid_and_says_what_a_clinician_needs(issue):
    assert [i for i in validate(issue) if i.severity == "error"] == []
    assert issue["code"]["coding"][0]["code"] == "DRG"
    assert issue["severity"] == "high"
    assert [i["reference"] for i in issue["implicated"]] == [
        "MedicationRequest/new",
        "MedicationRequest/old",
    ]
    for word in ("Bleeding", "INR", "Source: Coumadin"):
        assert word in issue["detail"]


def test_an_override_needs_a_reason_and_must_stand(issue):
    reason = {"mitigation": [{"action": {"text": "benefit outweighs; INR weekly"}}]}
    key = issue["identifier"][0]["value"]

    assert overridden([issue]) == frozenset()
    assert overridden([issue | {"mitigation": [{"action": {"text": " "}}]}]) == frozenset()
    assert overridden([issue | reason]) == {key}
    assert overridden([issue | reason | {"status": "entered-in-error"}]) == frozenset()
