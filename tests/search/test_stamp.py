"""Whose a row is."""

from __future__ import annotations

from fhirserver.search.hashing import element, reference_self
from fhirserver.search.stamp import stamp


def test_a_patient_owns_itself(parameters, site):
    assert stamp({"resourceType": "Patient", "id": "1"}, parameters, site).owner == reference_self(
        "Patient", "1"
    )


def test_the_first_patient_of_the_compartments_parameters_owns(parameters, site):
    observation = {
        "resourceType": "Observation",
        "subject": {"reference": "Group/1"},
        "performer": [{"reference": "Practitioner/2"}, {"reference": "Patient/3"}],
    }

    assert stamp(observation, parameters, site).owner == reference_self("Patient", "3")


def test_an_absolute_reference_to_a_patient_here_owns(parameters, site):
    condition = {
        "resourceType": "Condition",
        "subject": {"reference": "http://hospital.example/fhir/Patient/3"},
    }

    assert stamp(condition, parameters, site).owner == reference_self("Patient", "3")


def test_a_patient_elsewhere_owns_nothing_here(parameters, site):
    condition = {
        "resourceType": "Condition",
        "subject": {"reference": "http://elsewhere.example/fhir/Patient/3"},
    }

    assert stamp(condition, parameters, site).owner is None


def test_a_practitioner_has_no_owner(parameters, site):
    assert stamp({"resourceType": "Practitioner", "id": "1"}, parameters, site).owner is None


def test_labels_are_elements_of_the_security_parameter(parameters, site):
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    resource = {"resourceType": "Basic", "meta": {"security": [label]}}

    assert stamp(resource, parameters, site).labels == (
        element("_security", f"s|{label['system']}|r"),
    )


def test_an_encounter_belongs_to_its_service_provider(parameters, site):
    encounter = {"resourceType": "Encounter", "serviceProvider": {"reference": "Organization/7"}}

    assert stamp(encounter, parameters, site).unit == reference_self("Organization", "7")
