"""The base's bindings in the whole validation: https://hl7.org/fhir/R4/terminologies.html#strength"""

from typing import Any

import pytest

from tests.validation.profiles import BASE, errors, issues, profile

VALUE_SET = "http://hl7.org/fhir/ValueSet/"


@pytest.mark.parametrize(
    ("content_type", "is_one"),
    [
        ("application/fhir+json", True),
        ("text/plain; charset=UTF-8, image/png", True),
        ("application/dicom; variant=DICOM WADO-RS", True),
        ("[%format%]", False),
        ("plain text", False),
        ("a/" * 2000, False),
    ],
)
def test_a_mime_type_looks_like_one(content_type: str, is_one: bool) -> None:
    binary = {"resourceType": "Binary", "contentType": content_type}

    assert errors(binary) == ([] if is_one else ["Binary.contentType"])


@pytest.mark.parametrize(("code", "is_one"), [("EUR", True), ("Euro", False)])
def test_a_currency_has_three_letters(code: str, is_one: bool) -> None:
    account = {"resourceType": "Invoice", "status": "issued", "totalNet": {"currency": code}}

    assert errors(account) == ([] if is_one else ["Invoice.totalNet.currency"])


def test_an_extensible_binding_of_the_base_is_a_warning() -> None:
    status = {"coding": [{"system": "http://wards.example/marital", "code": "x"}]}
    patient = {"resourceType": "Patient", "maritalStatus": status}

    found = [i for i in issues(patient) if i.code == "code-invalid"]

    assert [(i.severity, i.expression) for i in found] == [("warning", "Patient.maritalStatus")]


def bound(code: str, **binding: Any) -> list[str | None]:
    it = profile("Patient", {"path": "Patient.language", "binding": binding})
    return errors({"resourceType": "Patient", "active": True, "language": code}, it)


@pytest.mark.parametrize("code", ["de", "de-CH", "sr-Latn-RS", "x-klingon", "sl-nedis"])
def test_a_language_keeps_to_its_grammar(code: str) -> None:
    assert bound(code, strength="required", valueSet=f"{VALUE_SET}all-languages") == []


def test_beyond_a_preferred_binding_there_is_a_largest_value_set() -> None:
    extension = {
        "url": f"{BASE}elementdefinition-maxValueSet",
        "valueCanonical": f"{VALUE_SET}all-languages",
    }
    binding = {"strength": "preferred", "valueSet": f"{VALUE_SET}languages"}

    assert bound("tlh", **binding, extension=[extension]) == []
    assert bound("no such", **binding, extension=[extension]) == ["Patient.language"]
