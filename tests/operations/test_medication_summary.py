"""Patient/$medication-summary: the list that a ward reconciles."""

from __future__ import annotations

import pytest

from tests.answers import done, refused
from tests.builders import a_patient
from tests.prescribing.builders import SNOMED, a_dispense, a_prescription, an_allergy, coded


@pytest.fixture
def patient(client):
    return f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"


def post(client, resource):
    return done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201)


def told(client, patient, **more):
    answer = done(client.get(f"/fhir/{patient}/$medication-summary", **more), 200)
    return answer.get("parameter", [])


def parts(parameter, name):
    return [p for p in parameter["part"] if p["name"] == name]


def test_all_sources_are_in_one_line_with_their_conflicts(client, patient):
    request = post(client, a_prescription("314076", patient))
    box = post(client, a_dispense(f"MedicationRequest/{request['id']}", "314076", patient))
    statement = {
        "resourceType": "MedicationStatement",
        "status": "not-taken",
        "medicationCodeableConcept": coded("29046"),
        "subject": {"reference": patient},
    }
    post(client, statement)

    (line,) = told(client, patient)
    assert parts(line, "ingredient")[0]["valueCodeableConcept"]["coding"][0]["code"] == "29046"
    assert (
        parts(line, "request")[0]["valueReference"]["reference"]
        == f"MedicationRequest/{request['id']}"
    )
    assert (
        parts(line, "dispense")[0]["valueReference"]["reference"]
        == f"MedicationDispense/{box['id']}"
    )
    (conflict,) = parts(line, "conflict")
    assert conflict["part"][0] == {"name": "code", "valueCode": "prescribed-not-taken"}


def test_what_speaks_against_the_list_is_told(client, patient):
    post(client, a_prescription("11289", patient))
    post(client, a_prescription("5640", patient))
    post(client, an_allergy("387207008", SNOMED, patient=patient))

    issues = [p["resource"] for p in told(client, patient) if p["name"] == "issue"]
    assert [i["code"]["coding"][0]["code"] for i in issues] == ["ALGY", "DRG"]


def test_who_may_not_search_gets_no_empty_list(client, patient, token):
    def header(scope):
        return {"Authorization": f"Bearer {token(scope)}"}

    some = "user/Patient.r user/MedicationRequest.rs user/MedicationStatement.rs"
    address = f"/fhir/{patient}/$medication-summary"
    refused(client.get(address, headers=header("user/Patient.r user/MedicationRequest.rs")), 403)
    gaps = told(client, patient, headers=header(some))
    assert {g["part"][0]["valueString"] for g in gaps} == {
        "AllergyIntolerance",
        "MedicationDispense",
        "MedicationAdministration",
    }


def test_nobody_has_no_list(client):
    refused(client.get("/fhir/Patient/nobody/$medication-summary"), 404)


def test_it_costs_the_same_however_much_there_is(client, patient, query_recorder):
    def statements(of):
        query_recorder.clear()
        told(client, of)
        return len(query_recorder)

    other = f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"
    post(client, a_prescription("314076", other))
    for code in ("314076", "11289", "5640", "161", "6809", "4603"):
        post(client, a_prescription(code, patient))

    # In turns: what the server looks up besides depends on what others have changed.
    costs = [(statements(other), statements(patient)) for _ in range(5)]

    assert min(few for few, _ in costs) == min(many for _, many in costs), costs
