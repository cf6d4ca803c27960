"""What is validated inside others: the resources of Parameters, and contained ones."""

from typing import Any

from fhirserver.validation.options import Options
from tests.validation.profiles import errors


def carrying(*resources: dict[str, Any]) -> dict[str, Any]:
    parts = [{"name": "a", "part": [{"name": "b", "resource": r}]} for r in resources]
    return {"resourceType": "Parameters", "parameter": parts}


def about(reference: str) -> dict[str, Any]:
    subject = {"reference": reference}
    return {"resourceType": "Basic", "code": {"text": "A"}, "subject": subject}


def test_one_parameter_may_refer_to_the_resource_in_another() -> None:
    both = carrying({"resourceType": "Patient", "id": "1", "active": True}, about("Patient/1"))

    assert errors(both, fetch=lambda reference: None) == []


def test_what_no_parameter_carries_is_looked_for() -> None:
    place = "Parameters.parameter[0].part[0].resource.subject"

    assert errors(carrying(about("Patient/2")), fetch=lambda reference: None) == [place]


def test_contained_resources_can_be_left_out() -> None:
    contained = {"resourceType": "Practitioner", "id": "_", "active": "yes"}
    found = {"resourceType": "Patient", "contained": [contained], "active": "no"}

    assert "Patient.contained[0].active" in errors(found)
    assert errors(found, options=Options(contained=False)) == ["Patient.active"]
