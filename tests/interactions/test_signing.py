"""What happens when a prescription becomes active that something speaks against."""

from __future__ import annotations

import pytest

from tests.answers import done, place_of, refused
from tests.builders import a_bundle, a_patient, an_entry
from tests.prescribing.builders import SNOMED, a_prescription, an_allergy

WARFARIN, IBUPROFEN, AMOXICILLIN = "11289", "5640", "308192"


@pytest.fixture
def patient(client):
    made = f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"
    done(client.post("/fhir/MedicationRequest", json=a_prescription(WARFARIN, made)), 201)
    return made


@pytest.fixture
def by(make_app, client_of, token):
    def make(**settings):
        made = client_of(make_app(**settings))
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('user/*.cruds')}"
        return made

    return make


@pytest.fixture
def strict(by):
    return by(prescription_checks="require")


def sign(client, resource, **headers):
    return client.post("/fhir/MedicationRequest", json=resource, headers=headers)


def issues_of(client, resource):
    answer = done(client.post("/fhir/MedicationRequest/$check", json=resource), 200)
    return [p["resource"] for p in answer["parameter"] if p["name"] == "issue"]


def with_reason(issue, **more):
    return issue | {"mitigation": [{"action": {"text": "stent; stomach protected"}}]} | more


def test_by_default_it_is_told_to_who_asks_without_the_patients_data(by, patient):
    prefer = {"Prefer": "return=OperationOutcome"}
    outcome = done(sign(by(), a_prescription(IBUPROFEN, patient), **prefer), 201)

    warnings = [i for i in outcome["issue"] if i["severity"] == "warning"]
    assert [place_of(w) for w in warnings] == ["MedicationRequest.detectedIssue"]
    assert "DRG, high" in warnings[0]["diagnostics"]
    assert "bleeding" not in str(outcome).lower()
    done(sign(by(), a_prescription(IBUPROFEN, patient)), 201)


def test_what_could_not_be_compared_is_told_too(by, client, patient):
    unknown = an_allergy("-", patient=patient, code={"text": "some antibiotic"})
    done(client.post("/fhir/AllergyIntolerance", json=unknown), 201)
    prefer = {"Prefer": "return=OperationOutcome"}
    outcome = done(sign(by(), a_prescription(AMOXICILLIN, patient), **prefer), 201)

    [gap] = [i for i in outcome["issue"] if i["code"] == "incomplete"]
    assert gap["severity"] == "information"
    assert "$check" in gap["diagnostics"]
    assert "antibiotic" not in str(outcome)


def test_where_a_reason_is_required_signing_waits_for_it(strict, patient):
    draft = done(sign(strict, a_prescription(IBUPROFEN, patient, status="draft")), 201)
    address = f"/fhir/MedicationRequest/{draft['id']}"
    active = draft | {"status": "active"}
    found = refused(strict.put(address, json=active), 422)
    (issue,) = issues_of(strict, active)
    assert issue["identifier"][0]["value"] in found["diagnostics"]

    bare = done(strict.post("/fhir/DetectedIssue", json=issue | {"status": "final"}), 201)
    named = {"detectedIssue": [{"reference": f"DetectedIssue/{bare['id']}"}]}
    refused(strict.put(address, json=active | named), 422)
    done(strict.put(f"/fhir/DetectedIssue/{bare['id']}", json=with_reason(bare)), 200)
    done(strict.put(address, json=active | named), 200)


def test_a_contained_reason_counts_and_one_for_something_else_doesnt(strict, patient, client):
    asked = a_prescription(IBUPROFEN, patient)
    (issue,) = issues_of(strict, asked)
    inside = with_reason(issue, id="why", implicated=[])
    del inside["implicated"]
    named = {"contained": [inside], "detectedIssue": [{"reference": "#why"}]}
    other = inside | {"identifier": [inside["identifier"][0] | {"value": "0" * 32}]}

    refused(sign(strict, asked | named | {"contained": [other]}), 422)
    done(sign(strict, asked | named), 201)


def test_what_is_written_at_the_same_time_is_looked_at(strict, client):
    patient = f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"
    allergy = an_entry("POST", "AllergyIntolerance", an_allergy("764146007", SNOMED, patient=patient))  # fmt: skip
    drug = an_entry("POST", "MedicationRequest", a_prescription(AMOXICILLIN, patient))

    found = refused(strict.post("/fhir", json=a_bundle("transaction", allergy, drug)), 422)
    assert place_of(found) == "Bundle.entry[1].resource.detectedIssue"


def test_stopping_the_other_medicine_at_the_same_time_clears_it(strict, client, patient):
    found = done(client.get(f"/fhir/MedicationRequest?subject={patient}"), 200)
    old = found["entry"][0]["resource"]
    ended = old | {"status": "stopped", "statusReason": {"text": "bleeding"}}
    both = a_bundle(
        "transaction",
        an_entry("PUT", f"MedicationRequest/{old['id']}", ended),
        an_entry("POST", "MedicationRequest", a_prescription(IBUPROFEN, patient)),
    )

    done(strict.post("/fhir", json=both), 200)


def test_milder_findings_hold_up_nobody(strict, client):
    patient = f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"
    done(sign(client, a_prescription("29046", patient)), 201)

    done(sign(strict, a_prescription("3827", patient)), 201)


def test_off_tells_nothing_and_systems_are_not_asked(by, make_app, client_of, patient):
    prefer = {"Prefer": "return=OperationOutcome"}
    silent = done(sign(by(prescription_checks="off"), a_prescription(IBUPROFEN, patient), **prefer), 201)  # fmt: skip
    system = client_of(make_app(prescription_checks="require"))

    assert [i["severity"] for i in silent["issue"]] == ["information"]
    done(sign(system, a_prescription(IBUPROFEN, patient)), 201)
