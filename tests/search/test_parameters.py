"""Search parameters by resource type."""

from __future__ import annotations

from fhirserver.model.definitions import SearchParameterDefinition
from fhirserver.search.hashing import number
from fhirserver.search.parameters import Parameters
from tests.pace import soon


def definition(code, expression, base=("Patient",)):
    url = f"http://hospital.example/SearchParameter/{code}"
    return SearchParameterDefinition(code, url, code, code, "token", base, expression, (), (), "")


def test_every_type_has_the_parameters_of_all_resources(parameters):
    for resource_type in parameters.definitions.resource_types:
        codes = set(parameters.for_type(resource_type))
        assert {"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source"} <= codes
        assert {"_content", "_list", "_filter", "_has"} <= codes


def test_a_parameter_of_several_types_has_the_expression_of_the_one_asked_for(parameters):
    assert parameters.for_type("Observation")["code"].expression == "Observation.code"
    assert (
        parameters.for_type("MedicationRequest")["code"].expression
        == "(MedicationRequest.medication as CodeableConcept)"
    )


def test_patient_can_only_be_a_patient(parameters):
    assert parameters.for_type("Observation")["patient"].targets == ("Patient",)


def test_targets_are_what_the_element_allows(parameters):
    assert set(parameters.for_type("Observation")["subject"].targets) == {
        "Patient", "Group", "Device", "Location",
    }  # fmt: skip


def test_components_of_a_composite_are_resolved(parameters):
    composite = parameters.for_type("Observation")["code-value-quantity"]

    assert [(c.parameter.code, c.expression) for c in composite.components] == [
        ("code", "code"),
        ("value-quantity", "value.as(Quantity)"),
    ]


def test_a_combination_is_answered_by_its_parts(parameters):
    combo = parameters.for_type("Observation")["combo-code-value-quantity"]

    assert {p.code for p in combo.answered_by} == {
        "code-value-quantity",
        "component-code-value-quantity",
    }


def test_an_added_parameter_takes_effect_and_overrides_by_code(parameters):
    added = [
        definition("eye", "Patient.extension.where(url='http://h/eye').value.as(CodeableConcept)"),
        definition("gender", "Patient.maritalStatus"),
    ]

    own = parameters.with_added(added).for_type("Patient")

    assert own["eye"].paths is not None
    assert own["gender"].expression == "Patient.maritalStatus"
    assert "eye" not in parameters.for_type("Patient")


def test_a_parameter_of_the_standard_is_never_answered_by_an_added_one(parameters):
    added = [definition("a-code", "Observation.code", base=("Observation",))]

    own = parameters.with_added(added).for_type("Observation")

    assert [p.code for p in own["a-code"].answered_by] == ["code"]
    assert own["code"].answered_by == ()


def test_the_numbers_of_all_parameters_differ(parameters):
    codes = {code for t in parameters.definitions.resource_types for code in parameters.for_type(t)}

    assert len({number(c) for c in codes}) == len(codes)


def test_a_types_parameters_are_worked_out_in_milliseconds(parameters):

    with soon(1):
        Parameters(parameters.definitions).for_type("Observation")
