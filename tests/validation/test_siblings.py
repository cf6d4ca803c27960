"""The `_name` siblings of primitive properties."""

from typing import Any

import pytest

from fhirserver.validation import check

REASON = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}


def expressions(resource_type: str, **members: Any) -> list[str | None]:
    return [i.expression for i in check({"resourceType": resource_type, **members})]


@pytest.mark.parametrize(
    "members",
    [
        {"birthDate": "2000", "_birthDate": REASON},
        {"birthDate": "2000", "_birthDate": {"id": "a"}},
        {"_birthDate": REASON},
        {"name": [{"given": ["A", "B"], "_given": [None, REASON]}]},
        {"name": [{"given": ["A", None], "_given": [None, REASON]}]},
        {"name": [{"_given": [REASON]}]},
        {"name": [{"given": ["A"], "_given": [None]}]},
    ],
)
def test_aligned_siblings_are_valid(members: dict[str, Any]) -> None:
    assert expressions("Patient", **members) == []


@pytest.mark.parametrize(
    ("members", "expression"),
    [
        ({"birthDate": None, "_birthDate": REASON}, "Patient.birthDate"),
        ({"_birthDate": None}, "Patient.birthDate"),
        ({"_birthDate": {}}, "Patient.birthDate"),
        ({"_birthDate": [REASON]}, "Patient.birthDate"),
        ({"_birthDate": {"value": "2000"}}, "Patient.birthDate.value"),
        ({"_birthDate": {"extension": [{}]}}, "Patient.birthDate.extension[0]"),
        ({"_name": [REASON]}, "Patient._name"),
        ({"_shoe": REASON}, "Patient._shoe"),
        ({"name": [{"_given": REASON}]}, "Patient.name[0].given"),
        ({"name": [{"given": [None], "_given": [None]}]}, "Patient.name[0].given[0]"),
        ({"name": [{"given": ["A"], "_given": [None, REASON]}]}, "Patient.name[0].given"),
        ({"name": [{"given": [1, None], "_given": [None, REASON]}]}, "Patient.name[0].given[0]"),
    ],
)
def test_misplaced_siblings_are_refused(members: dict[str, Any], expression: str) -> None:
    assert expressions("Patient", **members) == [expression]


def test_an_extension_may_stand_for_a_required_value() -> None:
    assert expressions("Observation", _status=REASON, code={"text": "x"}) == []


def test_a_choice_is_one_type_for_value_and_sibling() -> None:
    members = {"status": "final", "code": {"text": "x"}, "valueString": "x"}

    assert expressions("Observation", **members, _valueString=REASON) == []
    assert expressions("Observation", **members, _valueDateTime=REASON) == ["Observation.value"]
