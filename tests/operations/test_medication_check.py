"""MedicationRequest/$check: what a prescriber is told before signing."""

from __future__ import annotations

import pytest

from fhirserver.validation import check as validate
from tests.answers import done, refused
from tests.builders import a_patient
from tests.prescribing.builders import SNOMED, a_prescription, an_allergy, coded


@pytest.fixture
def patient(client):
    return f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"


def post(client, resource):
    return done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201)


def checked(client, *prescriptions, **more):
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": r} for r in prescriptions],
    }
    answer = done(client.post("/fhir/MedicationRequest/$check", json=body, **more), 200)
    found = answer.get("parameter", [])
    issues = [p["resource"] for p in found if p["name"] == "issue"]
    unchecked = [
        {q["name"]: q["valueString"] for q in p["part"]} for p in found if p["name"] == "unchecked"
    ]
    return issues, unchecked


def test_it_finds_allergy_interaction_and_duplicate(client, patient):
    warfarin = post(client, a_prescription("11289", patient))
    allergy = post(client, an_allergy("387207008", SNOMED, patient=patient))
    old = post(client, a_prescription("310965", patient))

    issues, unchecked = checked(client, a_prescription("5640", patient))
    found = [(i["code"]["coding"][0]["code"], i["severity"], i["implicated"][-1]) for i in issues]
    assert found == [
        ("ALGY", "high", {"reference": f"AllergyIntolerance/{allergy['id']}"}),
        ("DRG", "high", {"reference": f"MedicationRequest/{warfarin['id']}"}),
        ("DUPTHPY", "moderate", {"reference": f"MedicationRequest/{old['id']}"}),
    ]
    assert unchecked == []
    assert [e for i in issues for e in validate(i) if e.severity == "error"] == []
    assert done(client.get(f"/fhir/DetectedIssue?patient={patient}"), 200).get("entry", []) == []


def test_a_stored_prescription_and_one_alone_are_checked_too(client, patient):
    post(client, a_prescription("11289", patient))
    stored = post(client, a_prescription("5640", patient, status="draft"))

    by_id = done(client.get(f"/fhir/MedicationRequest/{stored['id']}/$check"), 200)
    alone = done(client.post("/fhir/MedicationRequest/$check", json=stored), 200)
    assert by_id["parameter"][0]["resource"]["code"] == alone["parameter"][0]["resource"]["code"]


def test_a_medication_that_is_referred_to_is_looked_into(client, patient):
    post(client, a_prescription("11289", patient))
    drug = post(client, {"resourceType": "Medication", "code": coded("310965")})
    asked = a_prescription(
        patient=patient,
        medicationCodeableConcept=None,
        medicationReference={"reference": f"Medication/{drug['id']}"},
    )

    issues, _ = checked(client, asked)
    assert [i["code"]["coding"][0]["code"] for i in issues] == ["DRG"]


def test_what_the_caller_may_not_search_is_a_gap_and_not_told(client, patient, token):
    post(client, a_prescription("11289", patient))
    post(client, an_allergy("387207008", SNOMED, patient=patient))
    some = {"Authorization": f"Bearer {token('user/Patient.r user/MedicationRequest.rs')}"}

    issues, unchecked = checked(client, a_prescription("5640", patient), headers=some)
    assert [i["code"]["coding"][0]["code"] for i in issues] == ["DRG"]
    assert [u["reference"] for u in unchecked] == [
        "AllergyIntolerance",
        "MedicationStatement",
        "Observation",
    ]


@pytest.mark.parametrize("subject", ["Patient/nobody", "Group/1", "http://elsewhere.example/Patient/1"])  # fmt: skip
def test_nobody_is_not_a_patient_without_allergies(client, subject):
    answer = client.post("/fhir/MedicationRequest/$check", json=a_prescription(patient=subject))

    refused(answer, 404 if subject == "Patient/nobody" else 400)


def test_prescriptions_for_two_patients_and_none_are_refused(client, patient):
    two = [a_prescription(patient=patient), a_prescription(patient="Patient/other")]
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": r} for r in two],
    }

    refused(client.post("/fhir/MedicationRequest/$check", json=body), 400)
    refused(client.post("/fhir/MedicationRequest/$check"), 400)


def test_a_hospitals_own_table_is_taken_as_soon_as_it_is_stored(client, patient):
    post(client, a_prescription("161", patient))
    kind = {"system": "https://fhirserver.example/CodeSystem/medicine-knowledge", "code": "interactions"}  # fmt: skip
    table = {
        "resourceType": "ConceptMap",
        "url": "http://hospital.example/ConceptMap/interactions",
        "status": "active",
        "title": "Licensed table",
        "useContext": [{
            "code": {"system": "http://terminology.hl7.org/CodeSystem/usage-context-type", "code": "task"},
            "valueCodeableConcept": {"coding": [kind]},
        }],
        "group": [{
            "source": "http://www.nlm.nih.gov/research/umls/rxnorm",
            "target": "http://www.nlm.nih.gov/research/umls/rxnorm",
            "element": [{"code": "161", "target": [
                {"code": "6809", "equivalence": "relatedto", "comment": "Only in this test."},
            ]}],
        }],
    }  # fmt: skip

    assert checked(client, a_prescription("6809", patient))[0] == []
    stored = post(client, table)
    (issue,), _ = checked(client, a_prescription("6809", patient))
    client.delete(f"/fhir/ConceptMap/{stored['id']}")
    assert "Licensed table" in issue["detail"]
    assert checked(client, a_prescription("6809", patient))[0] == []
