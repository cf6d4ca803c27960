"""OperationOutcomes and Bundles."""

from fhirserver.errors import Issue
from fhirserver.model import bundle
from fhirserver.model.outcome import outcome
from fhirserver.validation import check


def test_an_outcome_says_what_and_where() -> None:
    found = outcome([Issue("error", "value", "must be a date", "Patient.birthDate")])

    assert found["issue"] == [
        {
            "severity": "error",
            "code": "value",
            "diagnostics": "must be a date",
            "expression": ["Patient.birthDate"],
        }
    ]
    assert check(found) == []


def test_an_outcome_without_issues_is_still_valid() -> None:
    assert check(outcome([])) == []


def test_a_searchset_is_valid() -> None:
    patient = {"resourceType": "Patient", "id": "1"}
    found = bundle.bundle(
        "searchset",
        [bundle.search_entry("http://x.org/fhir/Patient/1", patient)],
        links={"self": "http://x.org/fhir/Patient"},
        total=1,
    )

    assert check(found) == []
    assert list(bundle.resources(found)) == [patient]


def test_an_empty_bundle_has_no_empty_arrays() -> None:
    assert bundle.bundle("searchset", []) == {"resourceType": "Bundle", "type": "searchset"}


def test_a_response_entry_is_valid() -> None:
    entry = bundle.response_entry("201 Created", location="Patient/1/_history/1", etag='W/"1"')

    assert check(bundle.bundle("transaction-response", [entry])) == []
