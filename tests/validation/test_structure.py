"""The shape of resources."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirserver.model import definitions
from fhirserver.validation import check
from fhirserver.validation.structure import MAX_ISSUES


def found(resource: Any, **options: str) -> list[tuple[str, str | None]]:
    """The codes and expressions of what is wrong."""
    return [(i.code, i.expression) for i in check(resource, **options)]


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def observation(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **members}


def test_the_smallest_resource_is_valid() -> None:
    assert found(patient()) == []


@pytest.mark.parametrize("resource", [[], "x", None, 1, {}, {"resourceType": None}])
def test_what_is_no_resource_is_refused(resource: Any) -> None:
    assert found(resource) == [("structure", "Resource")]


@pytest.mark.parametrize("name", ["Robot", "HumanName", "DomainResource", ["Patient"], ""])
def test_an_unknown_resource_type_is_refused(name: Any) -> None:
    assert found({"resourceType": name}) == [("structure", "Resource.resourceType")]


def test_a_resource_of_another_type_than_wanted_is_refused() -> None:
    assert found(patient(), type="Observation") == [("invalid", "Patient.resourceType")]
    assert found(patient(), type="Patient") == []


def test_an_unknown_element_is_refused_where_it_is() -> None:
    resource = patient(contact=[{"name": {"family": "A"}}, {"shoe": 1, "gender": "male"}])

    assert found(resource) == [("structure", "Patient.contact[1].shoe")]


def test_an_unknown_name_that_may_be_data_is_not_repeated() -> None:
    (issue,) = check(patient(**{"Ada Lovelace": 1}))

    assert "Ada" not in issue.text + str(issue.expression)


def test_values_are_not_repeated() -> None:
    issues = check(patient(birthDate="Lovelace", gender="Lovelace", active="Lovelace"))

    assert len(issues) == 3
    assert "Lovelace" not in repr(issues)


def test_a_choice_without_its_type_is_explained() -> None:
    (issue,) = check(observation(value="x"))

    assert "valueQuantity" in issue.text


@pytest.mark.parametrize(
    ("members", "expression"),
    [
        ({"name": {"family": "A"}}, "Patient.name"),
        ({"name": "A"}, "Patient.name"),
        ({"name": ["A"]}, "Patient.name[0]"),
        ({"gender": ["male"]}, "Patient.gender"),
        ({"maritalStatus": [{"text": "x"}]}, "Patient.maritalStatus"),
        ({"maritalStatus": "M"}, "Patient.maritalStatus"),
        ({"name": [{"given": "A"}]}, "Patient.name[0].given"),
        ({"name": [{"given": ["A", 1]}]}, "Patient.name[0].given[1]"),
        ({"name": [{"given": [["A"]]}]}, "Patient.name[0].given[0]"),
        ({"birthDate": {"value": "2000"}}, "Patient.birthDate"),
        ({"managingOrganization": {"reference": 1}}, "Patient.managingOrganization.reference"),
    ],
)
def test_a_wrong_json_type_is_refused(members: dict[str, Any], expression: str) -> None:
    assert found(patient(**members)) == [("structure", expression)]


@pytest.mark.parametrize(
    ("members", "expression"),
    [
        ({"name": []}, "Patient.name"),
        ({"name": [{}]}, "Patient.name[0]"),
        ({"maritalStatus": {}}, "Patient.maritalStatus"),
        ({"gender": None}, "Patient.gender"),
        ({"name": None}, "Patient.name"),
        ({"name": [None]}, "Patient.name[0]"),
        ({"name": [{"given": [None]}]}, "Patient.name[0].given[0]"),
        ({"contained": []}, "Patient.contained"),
    ],
)
def test_empty_and_null_are_refused(members: dict[str, Any], expression: str) -> None:
    assert found(patient(**members)) == [("structure", expression)]


def test_an_empty_string_is_refused() -> None:
    assert found(patient(name=[{"family": ""}])) == [("value", "Patient.name[0].family")]


def test_a_required_element_is_missed() -> None:
    assert found({"resourceType": "Observation"}) == [
        ("required", "Observation.status"),
        ("required", "Observation.code"),
    ]


def test_a_required_choice_is_missed() -> None:
    resource = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
    }

    assert found(resource) == [("required", "MedicationRequest.medication")]
    assert found(resource | {"medicationReference": {"reference": "Medication/1"}}) == []


def test_two_types_of_one_choice_are_refused() -> None:
    resource = observation(valueString="x", valueInteger=1)

    assert found(resource) == [("structure", "Observation.value")]


def test_a_choice_has_its_name_without_a_type_in_the_expression() -> None:
    assert found(observation(valueQuantity={"value": "1"})) == [
        ("structure", "Observation.value.value")
    ]


def test_an_extension_needs_its_url() -> None:
    assert found(patient(extension=[{"valueString": "x"}])) == [
        ("required", "Patient.extension[0].url")
    ]


def test_an_extension_may_lie_in_an_extension() -> None:
    inner = {"url": "a", "valueReference": {"reference": "Patient/1"}}

    assert found(patient(extension=[{"url": "http://x.org", "extension": [inner]}])) == []


def test_a_content_reference_is_followed() -> None:
    item = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "robot"}]}
    resource = {"resourceType": "Questionnaire", "status": "active", "item": [item]}

    assert found(resource) == [("code-invalid", "Questionnaire.item[0].item[0].type")]


def test_resources_inside_others_are_checked() -> None:
    bad = patient(birthDate="x")
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bad}]}
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "resource": bad}]}],
    }

    assert found(bundle) == [("value", "Bundle.entry[0].resource.birthDate")]
    assert found(parameters) == [("value", "Parameters.parameter[0].part[0].resource.birthDate")]
    assert found(patient(contained=[bad])) == [("value", "Patient.contained[0].birthDate")]


def test_a_resource_inside_another_needs_its_type() -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"id": "1"}}]}

    assert found(bundle) == [("structure", "Bundle.entry[0].resource")]


def test_a_contained_resource_contains_none() -> None:
    inner = patient(contained=[patient()])

    assert found(patient(contained=[inner])) == [("structure", "Patient.contained[0].contained")]


def test_a_datatype_has_no_resource_type() -> None:
    assert found(patient(name=[{"resourceType": "HumanName", "family": "A"}])) == [
        ("structure", "Patient.name[0].resourceType")
    ]


def test_comments_of_dstu2_are_refused() -> None:
    assert found(patient(fhir_comments=["x"])) == [("structure", "Patient.fhir_comments")]


def test_all_errors_are_told_together() -> None:
    issues = found(patient(gender="x", birthDate="x", name={}))

    assert [e for _, e in issues] == ["Patient.gender", "Patient.birthDate", "Patient.name"]


def test_a_flood_of_errors_is_cut_short() -> None:
    bad = patient(birthDate="x", name=[{"given": [1] * 1000}] * 1000)

    assert len(check(bad)) == MAX_ISSUES


def test_the_deepest_body_is_checked_without_harm() -> None:
    extension: dict[str, Any] = {"url": "http://x.org", "valueString": 1}
    for _ in range(60):
        extension = {"url": "http://x.org", "extension": [extension]}

    assert len(found(patient(extension=[extension]))) == 1


@pytest.mark.parametrize("name", definitions.load().resource_types)
def test_every_type_can_be_compiled(name: str) -> None:
    assert {i.code for i in check({"resourceType": name})} <= {"required", "invariant"}


anything = st.recursive(
    st.sampled_from([None, True, 0, "x", Decimal("1.0"), [], {}]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "_name",
                    "given",
                    "_given",
                    "extension",
                    "url",
                    "valueCode",
                    "_valueCode",
                    "valueString",
                    "contained",
                    "resourceType",
                    "_birthDate",
                    "id",
                    "_id",
                    "text",
                    "div",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "contact", "text", "_birthDate", "birthDate", "extension", "contained", "link"]
        ),
        anything,
    )
)
def test_any_json_gets_an_answer(members: dict[str, Any]) -> None:
    for issue in check(patient(**members)):
        assert issue.expression is not None
        assert issue.expression.startswith("Patient")


def test_a_name_in_other_letters_is_told_how_it_is_written() -> None:
    (issue,) = check({"resourceType": "Patient", "active": True, "birthdate": "1970"})

    assert issue.text == "is not an element of Patient: birthDate is"
