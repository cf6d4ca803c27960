"""Required bindings."""

from typing import Any

from fhirserver.validation import check

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def condition(clinical_status: dict[str, Any]) -> list[tuple[str, str | None]]:
    resource = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/1"},
        "clinicalStatus": clinical_status,
    }
    return [(i.code, i.expression) for i in check(resource)]


def test_a_code_outside_its_value_set_is_refused_and_the_few_allowed_ones_are_listed() -> None:
    (issue,) = check({"resourceType": "Patient", "gender": "unspecified"})

    assert (issue.code, issue.expression) == ("code-invalid", "Patient.gender")
    assert issue.text == "must be one of female, male, other, unknown"


def test_many_allowed_codes_are_not_listed() -> None:
    resource = {"resourceType": "Bundle", "type": "collection"}
    definition = {
        "resourceType": "OperationDefinition",
        "name": "x",
        "status": "draft",
        "kind": "operation",
        "code": "x",
        "resource": ["Robot"],
        "system": True,
        "type": False,
        "instance": False,
    }

    (issue,) = check(definition)

    assert check(resource) == []
    assert issue.expression == "OperationDefinition.resource[0]"
    assert "ValueSet/resource-types" in issue.text


def test_a_code_that_is_no_string_has_a_wrong_type() -> None:
    (issue,) = check({"resourceType": "Patient", "gender": {"a": []}})

    assert issue.code == "structure"


def test_one_coding_of_a_concept_must_be_in_the_value_set() -> None:
    local = {"system": "http://x.org", "code": "a"}

    assert condition({"coding": [local, {"system": CLINICAL, "code": "active"}]}) == []
    assert condition({"coding": [local]}) == [("code-invalid", "Condition.clinicalStatus.coding")]
    assert condition({"coding": [{"system": CLINICAL, "code": "alive"}]}) == [
        ("code-invalid", "Condition.clinicalStatus.coding")
    ]
    assert condition({"text": "active"}) == [("code-invalid", "Condition.clinicalStatus.coding")]


def test_a_concept_may_say_only_why_it_is_absent() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

    assert condition({"extension": [{"url": url, "valueCode": "unknown"}]}) == []


def test_a_value_set_that_cannot_be_enumerated_is_not_checked() -> None:
    resource = {
        "resourceType": "Binary",
        "contentType": "application/x-something-new",
    }

    assert check(resource) == []
