"""Index values of whole resources."""

from __future__ import annotations

from fhirserver.search.extract import Found, references
from fhirserver.search.hashing import element, number


def test_nothing_is_indexed_of_an_id(index):
    assert index({"resourceType": "Basic", "id": "1"}).elements == []


def test_the_same_value_by_two_paths_is_one_element(index):
    coding = {"system": "http://loinc.org", "code": "1"}
    values = index({"resourceType": "Observation", "code": {"coding": [coding, coding]}})

    assert values.elements.count(element("code", "c|1")) == 1


def test_the_earliest_date_is_first_and_the_latest_last(index):
    events = ["2024-03-01", "2024-01-01", "2024-02-01"]
    values = index(
        {
            "resourceType": "MedicationRequest",
            "dosageInstruction": [{"timing": {"event": [e]}} for e in events],
        }
    )

    assert [(r.first, r.last) for r in values.dates] == [
        (False, True), (True, False), (False, False),
    ]  # fmt: skip


def test_names_sort_by_the_first_and_last_of_their_parts(index):
    values = index(
        {"resourceType": "Patient", "name": [{"family": "Zorn", "given": ["Ada", "Mo"]}]}
    )
    by_name = {r.text: (r.first, r.last) for r in values.strings if r.param == number("name")}

    assert by_name == {"zorn": (False, True), "ada": (True, False), "mo": (False, False)}


def test_what_is_not_as_defined_is_passed_over(index):
    values = index({"resourceType": "Patient", "name": "Ada", "birthDate": {}, "gender": None})

    assert values.strings == []
    assert values.dates == []


def test_a_deceased_patient_is_found_by_either_kind_of_value(found):
    assert found({"resourceType": "Patient", "deceasedDateTime": "2020"}, "deceased=true")
    assert found({"resourceType": "Patient", "deceasedBoolean": True}, "deceased=true")
    assert found({"resourceType": "Patient", "deceasedBoolean": False}, "deceased=false")
    assert found({"resourceType": "Patient"}, "deceased=false")


def test_references_are_named_by_parameter_and_target(parameters, site):
    observation = {
        "resourceType": "Observation",
        "subject": {"reference": "http://hospital.example/fhir/Patient/1/_history/3"},
        "performer": [{"reference": "Practitioner/2"}, {"reference": "#inside"}, {"display": "X"}],
        "derivedFrom": [{"reference": "http://elsewhere.example/Observation/9"}],
    }

    found = references(observation, parameters, site, ("patient", "performer", "derived-from"))

    assert found == [
        Found("patient", "http://hospital.example/fhir/Patient/1/_history/3", "Patient", "1"),
        Found("performer", "Practitioner/2", "Practitioner", "2"),
        Found("derived-from", "http://elsewhere.example/Observation/9", None, None),
    ]


def test_all_references_are_found_when_no_parameter_is_named(parameters, site):
    observation = {"resourceType": "Observation", "subject": {"reference": "Patient/1"}}

    found = references(observation, parameters, site)

    assert {f.code for f in found} == {"subject", "patient"}
