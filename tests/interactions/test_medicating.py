"""People are held to the life cycle of prescriptions; systems may import history."""

from __future__ import annotations

import pytest

from tests.answers import done, place_of, refused
from tests.builders import a_bundle, a_patient, an_entry
from tests.prescribing.builders import a_prescription, coded


@pytest.fixture
def patient(client):
    return f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"


@pytest.fixture
def doctor(app, client_of, token):
    made = client_of(app)
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('user/*.cruds')}"
    return made


def put(client, resource, **changes):
    address = f"/fhir/{resource['resourceType']}/{resource['id']}"
    return client.put(address, json=resource | changes)


def test_a_doctor_prescribes_signs_and_stops(doctor, patient):
    draft = a_prescription(patient=patient, status="draft")
    made = done(doctor.post("/fhir/MedicationRequest", json=draft), 201)
    active = done(put(doctor, made, status="active"), 200)
    reason = {"statusReason": {"text": "bleeding"}}

    found = refused(put(doctor, active, status="stopped"), 422)
    assert (found["code"], place_of(found)) == ("business-rule", "MedicationRequest.statusReason")
    done(put(doctor, active, status="stopped", **reason), 200)
    refused(put(doctor, active, status="active"), 422)


def test_another_dose_is_another_prescription(doctor, patient):
    old = done(doctor.post("/fhir/MedicationRequest", json=a_prescription(patient=patient)), 201)
    refused(put(doctor, old, dosageInstruction=[{"text": "7 mg"}]), 422)
    reason = {"statusReason": {"text": "INR too low"}}
    new = a_prescription(
        patient=patient,
        dosageInstruction=[{"text": "7 mg"}],
        priorPrescription={"reference": f"MedicationRequest/{old['id']}"},
    )

    both = a_bundle(
        "transaction",
        an_entry("PUT", f"MedicationRequest/{old['id']}", old | {"status": "stopped"} | reason),
        an_entry("POST", "MedicationRequest", new),
    )
    done(doctor.post("/fhir", json=both), 200)


def test_a_patch_and_an_entry_of_a_transaction_are_held_to_it_too(doctor, patient):
    made = done(doctor.post("/fhir/MedicationRequest", json=a_prescription(patient=patient)), 201)
    address = f"/fhir/MedicationRequest/{made['id']}"
    patch = [{"op": "replace", "path": "/status", "value": "draft"}]
    entry = an_entry("POST", "MedicationRequest", a_prescription(patient=patient, status="stopped"))

    refused(doctor.patch(address, json=patch, content_type="application/json-patch+json"), 422)
    found = refused(doctor.post("/fhir", json=a_bundle("transaction", entry)), 422)
    assert place_of(found).startswith("Bundle.entry[0].resource.status")


def test_a_system_imports_history(client, patient):
    old = a_prescription(patient=patient, status="completed")
    made = done(client.post("/fhir/MedicationRequest", json=old), 201)

    done(put(client, made, medicationCodeableConcept=coded("1191")), 200)


def test_the_setting_holds_everyone_or_nobody(make_app, client_of, token, patient):
    strict = client_of(make_app(prescription_rules="everyone"))
    free = client_of(make_app(prescription_rules="off"))
    free.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('user/*.cruds')}"
    old = a_prescription(patient=patient, status="completed")

    refused(strict.post("/fhir/MedicationRequest", json=old), 422)
    done(free.post("/fhir/MedicationRequest", json=old), 201)
