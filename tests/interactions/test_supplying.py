"""Dispenses and administrations are held to the prescription, also when two come at once."""

from __future__ import annotations

import pytest

from tests.answers import done, place_of, refused
from tests.builders import a_bundle, a_patient, an_entry
from tests.prescribing.builders import a_dispense, a_prescription, an_administration

TABLETS = {"value": 30, "unit": "tablet"}


@pytest.fixture
def patient(client):
    return f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"


@pytest.fixture
def pharmacist(app, client_of, token):
    made = client_of(app)
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('user/*.cruds')}"
    return made


@pytest.fixture
def prescription(client, patient):
    asked = a_prescription(patient=patient, dispenseRequest={"quantity": TABLETS})
    return done(client.post("/fhir/MedicationRequest", json=asked), 201)


def a_box(prescription, **elements):
    return a_dispense(
        f"MedicationRequest/{prescription['id']}",
        patient=prescription["subject"]["reference"],
        quantity=TABLETS,
        **elements,
    )


def stop(client, prescription):
    ended = prescription | {"status": "stopped", "statusReason": {"text": "rash"}}
    done(client.put(f"/fhir/MedicationRequest/{prescription['id']}", json=ended), 200)


def test_what_is_prescribed_is_dispensed_once(pharmacist, prescription):
    done(pharmacist.post("/fhir/MedicationDispense", json=a_box(prescription)), 201)

    found = refused(pharmacist.post("/fhir/MedicationDispense", json=a_box(prescription)), 422)
    assert "0 of 30 are left" in found["diagnostics"]


def test_of_many_at_once_one_is_dispensed(app, client_of, token, prescription, at_once):
    statuses = []
    bearer = f"Bearer {token('user/*.cruds')}"

    def dispense(_):
        made = client_of(app)
        made.environ_base["HTTP_AUTHORIZATION"] = bearer
        answer = made.post("/fhir/MedicationDispense", json=a_box(prescription))
        statuses.append(answer.status_code)

    at_once(dispense, range(8))
    assert sorted(statuses) == [201] + [422] * 7


def test_two_in_one_transaction_are_counted_together(pharmacist, prescription):
    both = [an_entry("POST", "MedicationDispense", a_box(prescription)) for _ in range(2)]

    refused(pharmacist.post("/fhir", json=a_bundle("transaction", *both)), 422)
    done(pharmacist.post("/fhir", json=a_bundle("transaction", both[0])), 200)


def test_a_dispense_is_finished_step_by_step(pharmacist, prescription):
    made = done(pharmacist.post("/fhir/MedicationDispense", json=a_box(prescription, status="preparation")), 201)  # fmt: skip

    address = f"/fhir/MedicationDispense/{made['id']}"
    done(pharmacist.put(address, json=made | {"status": "completed"}), 200)


def test_after_the_stop_nothing_is_given(pharmacist, prescription):
    stop(pharmacist, prescription)
    name, patient = f"MedicationRequest/{prescription['id']}", prescription["subject"]["reference"]
    late = an_administration(name, patient=patient, effectiveDateTime="2100-01-01T00:00:00Z")
    early = an_administration(name, patient=patient, effectiveDateTime="2020-01-01T00:00:00Z")

    refused(pharmacist.post("/fhir/MedicationAdministration", json=late), 422)
    done(pharmacist.post("/fhir/MedicationAdministration", json=early), 201)


def test_a_note_can_be_added_to_what_was_given_before_the_stop(pharmacist, prescription):
    made = done(pharmacist.post("/fhir/MedicationDispense", json=a_box(prescription)), 201)
    stop(pharmacist, prescription)

    noted = made | {"note": [{"text": "returned"}]}
    done(pharmacist.put(f"/fhir/MedicationDispense/{made['id']}", json=noted), 200)


def test_a_prescription_that_isnt_here_supplies_nothing(pharmacist, patient):
    refused(pharmacist.post("/fhir/MedicationDispense", json=a_dispense("MedicationRequest/none", patient=patient)), 422)  # fmt: skip
    elsewhere = a_dispense("http://pharmacy.example/MedicationRequest/1", patient=patient)
    done(pharmacist.post("/fhir/MedicationDispense", json=elsewhere), 201)


def test_a_renewal_is_of_the_same_patient_and_of_what_was_in_force(pharmacist, prescription, patient, client):  # fmt: skip
    other = f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"
    prior = {"priorPrescription": {"reference": f"MedicationRequest/{prescription['id']}"}}
    nobody = {"priorPrescription": {"reference": "MedicationRequest/none"}}
    address = "/fhir/MedicationRequest"

    done(pharmacist.post(address, json=a_prescription(patient=patient, **prior)), 201)
    refused(pharmacist.post(address, json=a_prescription(patient=other, **prior)), 422)
    refused(pharmacist.post(address, json=a_prescription(patient=patient, **nobody)), 422)


def test_systems_import_what_was_dispensed_elsewhere(client, prescription):
    for _ in range(2):
        done(client.post("/fhir/MedicationDispense", json=a_box(prescription)), 201)


def test_that_the_rest_cant_be_counted_is_told_to_who_asks(pharmacist, prescription):
    boxes = a_box(prescription) | {"quantity": {"value": 1, "unit": "box"}}
    prefer = {"Prefer": "return=OperationOutcome"}

    answer = pharmacist.post("/fhir/MedicationDispense", json=boxes, headers=prefer)
    warnings = [i for i in done(answer, 201)["issue"] if i["severity"] == "warning"]
    assert [place_of(w) for w in warnings] == ["MedicationDispense.quantity"]
