"""What the shipped policies come to for people with roles, over the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import clock, ids
from fhirserver.access.labels import ACT_CODE, CONFIDENTIALITY
from fhirserver.interactions.relations import rebuild
from fhirserver.search.hashing import reference_self
from fhirserver.storage.database import Database
from tests.access.conftest import As, Put

VITAL = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs",
        }
    ]
}


class Ward:
    """Two patients: one in the care of a doctor, on a ward; the other in nobody's."""

    def __init__(self, put: Put) -> None:
        self.doctor = f"Practitioner/{put('Practitioner', name=[{'family': 'D'}])['id']}"
        self.nurse = f"Practitioner/{put('Practitioner', name=[{'family': 'N'}])['id']}"
        ward = put("Location", name="Ward 1")
        self.bed = put("Location", name="Bed 1", partOf=ref(ward))
        put(
            "PractitionerRole",
            active=True,
            practitioner={"reference": self.nurse},
            location=[ref(ward)],
        )
        self.cared_for = put("Patient", name=[{"family": "C"}], active=True)
        self.other = put("Patient", name=[{"family": "O"}], active=True)
        self.encounter = put(
            "Encounter",
            status="in-progress",
            **{"class": {"code": "IMP"}},
            subject=ref(self.cared_for),
            period={"start": "2026-01-01"},
            participant=[{"individual": {"reference": self.doctor}}],
            location=[{"location": ref(self.bed)}],
        )
        self.observations = {
            p["id"]: put("Observation", **observation(p)) for p in (self.cared_for, self.other)
        }

    def observation_of(self, patient: dict[str, Any]) -> str:
        return f"/fhir/Observation/{self.observations[patient['id']]['id']}"


def ref(resource: dict[str, Any]) -> dict[str, Any]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def observation(patient: dict[str, Any], *labels: tuple[str, str]) -> dict[str, Any]:
    return {
        "status": "final",
        "category": [VITAL],
        "code": {"text": "pulse"},
        "subject": ref(patient),
        **({"meta": {"security": [{"system": s, "code": c} for s, c in labels]}} if labels else {}),
    }


@pytest.fixture
def ward(put: Put) -> Ward:
    return Ward(put)


def ids_of(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {e["resource"]["id"] for e in answer.get_json().get("entry", ())}


def test_a_doctor_sees_the_patients_of_their_encounters_only(ward: Ward, as_user: As) -> None:
    doctor = as_user("doctor", ward.doctor)

    assert doctor.get(f"/fhir/Patient/{ward.cared_for['id']}").status_code == 200
    assert doctor.get(f"/fhir/Patient/{ward.other['id']}").status_code == 404
    assert doctor.get(ward.observation_of(ward.cared_for)).status_code == 200
    assert doctor.get(ward.observation_of(ward.other)).status_code == 404
    assert ids_of(doctor.get("/fhir/Patient")) == {ward.cared_for["id"]}


def test_a_nurse_sees_the_patients_in_the_beds_of_their_ward(ward: Ward, as_user: As) -> None:
    nurse = as_user("nurse", ward.nurse)

    assert ids_of(nurse.get("/fhir/Patient")) == {ward.cared_for["id"]}
    assert nurse.get(ward.observation_of(ward.other)).status_code == 404


def test_a_patient_sees_their_own_record_and_nobody_elses(ward: Ward, as_user: As) -> None:
    patient = as_user("patient", f"Patient/{ward.other['id']}")

    assert ids_of(patient.get("/fhir/Patient")) == {ward.other["id"]}
    assert ids_of(patient.get("/fhir/Observation")) == {ward.observations[ward.other["id"]]["id"]}


def test_who_stands_for_a_patient_sees_their_record(ward: Ward, put: Put, as_user: As) -> None:
    mother = put("RelatedPerson", patient=ref(ward.other), active=True)
    former = put("RelatedPerson", patient=ref(ward.other), active=False)

    proxy = as_user("patient", f"RelatedPerson/{mother['id']}")
    assert ids_of(proxy.get("/fhir/Patient")) == {ward.other["id"]}
    no_more = as_user("patient", f"RelatedPerson/{former['id']}")
    assert no_more.get(f"/fhir/Patient/{ward.other['id']}").status_code in (403, 404)


def test_a_user_without_a_role_has_nothing(ward: Ward, as_user: As) -> None:
    nobody = as_user("", ward.doctor)

    assert nobody.get("/fhir/Patient").status_code == 403
    assert nobody.get("/fhir/ValueSet").status_code == 403


def test_a_user_gets_nothing_by_scopes_of_a_system(ward: Ward, as_user: As) -> None:
    doctor = as_user("doctor", ward.doctor, scope="system/*.cruds")

    assert doctor.get("/fhir/Patient").status_code == 403


def test_reception_sees_no_reasons(ward: Ward, as_user: As, put: Put) -> None:
    encounter = {**ward.encounter, "reasonCode": [{"text": "secret"}]}
    put("Encounter", ward.encounter["id"], **{k: v for k, v in encounter.items() if k != "meta"})
    reception = as_user("reception")

    seen = reception.get(f"/fhir/Encounter/{ward.encounter['id']}")

    assert seen.status_code == 200
    assert "secret" not in seen.text
    assert reception.get("/fhir/Observation").status_code == 403


def test_an_administrator_sees_nothing_clinical(as_user: As) -> None:
    admin = as_user("admin")

    assert admin.get("/fhir/Organization").status_code == 200
    for resource_type in ("Patient", "Observation", "Encounter", "Condition"):
        assert admin.get(f"/fhir/{resource_type}").status_code == 403


def test_restricted_rows_take_a_clearance_and_very_restricted_ones_a_name(
    ward: Ward, put: Put, as_user: As
) -> None:
    def labelled(*labels: tuple[str, str]) -> str:
        made = put("Observation", **observation(ward.cared_for, *labels))
        return f"/fhir/Observation/{made['id']}"

    psychiatric = labelled((CONFIDENTIALITY, "R"), (ACT_CODE, "PSY"))
    restricted = labelled((CONFIDENTIALITY, "R"))
    very = labelled((CONFIDENTIALITY, "V"))
    plain = as_user("doctor", ward.doctor)
    psychiatrist = as_user("doctor", ward.doctor, clearances=("PSY",))
    cleared = as_user("doctor", ward.doctor, clearances=("R",))

    def seen(by: FlaskClient) -> list[bool]:
        return [by.get(path).status_code == 200 for path in (psychiatric, restricted, very)]

    assert seen(plain) == [False, False, False]
    assert seen(psychiatrist) == [True, False, False]
    assert seen(cleared) == [False, True, False]
    put(
        "Consent",
        **privacy(
            ward.cared_for,
            {
                "type": "permit",
                "actor": [{"role": {"text": "x"}, "reference": {"reference": ward.doctor}}],
                "securityLabel": [{"system": CONFIDENTIALITY, "code": "V"}],
            },
        ),
    )
    assert seen(plain) == [False, False, True]


def privacy(patient: dict[str, Any], provision: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"text": "privacy"}],
        "patient": ref(patient),
        "policyRule": {"text": "local"},
        "provision": provision,
    }


def test_a_consent_keeps_a_doctor_out_until_it_ends(ward: Ward, put: Put, as_user: As) -> None:
    doctor = as_user("doctor", ward.doctor)
    actor = {"role": {"text": "x"}, "reference": {"reference": ward.doctor}}
    denial = {"type": "deny", "actor": [actor]}
    path = ward.observation_of(ward.cared_for)
    assert doctor.get(path).status_code == 200

    consent = put("Consent", **privacy(ward.cared_for, denial))

    assert doctor.get(path).status_code == 404
    patient = as_user("patient", f"Patient/{ward.cared_for['id']}")
    assert patient.get(path).status_code == 200
    put("Consent", consent["id"], **{**privacy(ward.cared_for, denial), "status": "inactive"})
    assert doctor.get(path).status_code == 200


def test_a_relationship_ends_with_its_resource(
    ward: Ward, client: FlaskClient, as_user: As
) -> None:
    doctor = as_user("doctor", ward.doctor)
    path = f"/fhir/Patient/{ward.cared_for['id']}"
    assert doctor.get(path).status_code == 200

    assert client.delete(f"/fhir/Encounter/{ward.encounter['id']}").status_code == 204

    assert doctor.get(path).status_code == 404


def test_a_relationship_expires(ward: Ward, put: Put, as_user: As) -> None:
    over = (clock.now() - timedelta(days=9)).date().isoformat()
    put(
        "Encounter",
        ward.encounter["id"],
        status="finished",
        **{"class": {"code": "IMP"}},
        subject=ref(ward.cared_for),
        period={"start": "2026-01-01", "end": over},
        participant=[{"individual": {"reference": ward.doctor}}],
    )

    doctor = as_user("doctor", ward.doctor)
    assert doctor.get(f"/fhir/Patient/{ward.cared_for['id']}").status_code == 404


@pytest.mark.parametrize("resource_type", ["Appointment", "Task", "CareTeam", "ServiceRequest"])
def test_nobody_takes_a_patient_into_their_own_care(
    ward: Ward, as_user: As, resource_type: str
) -> None:
    doctor = as_user("doctor", ward.doctor)
    me, patient = {"reference": ward.doctor}, ref(ward.other)
    soon = (clock.now() + timedelta(days=1)).isoformat(timespec="seconds")
    bodies: dict[str, dict[str, Any]] = {
        "Appointment": {
            "status": "booked",
            "start": soon,
            "end": soon,
            "participant": [{"actor": a, "status": "accepted"} for a in (me, patient)],
        },
        "Task": {"status": "accepted", "intent": "order", "authoredOn": soon, "owner": me,
                 "requester": me, "for": patient},
        "CareTeam": {"status": "active", "subject": patient, "participant": [{"member": me}]},
        "ServiceRequest": {"status": "active", "intent": "order", "subject": patient,
                           "requester": me, "authoredOn": soon},
    }  # fmt: skip

    answer = doctor.post(
        f"/fhir/{resource_type}", json={"resourceType": resource_type, **bodies[resource_type]}
    )

    assert answer.status_code == 403, answer.text
    assert doctor.get(f"/fhir/Patient/{ward.other['id']}").status_code == 404


def test_a_doctor_books_an_appointment_with_a_patient_in_their_care(
    ward: Ward, as_user: As
) -> None:
    soon = (clock.now() + timedelta(days=1)).isoformat(timespec="seconds")

    answer = as_user("doctor", ward.doctor).post(
        "/fhir/Appointment",
        json={
            "resourceType": "Appointment",
            "status": "booked",
            "start": soon,
            "end": soon,
            "participant": [
                {"actor": a, "status": "accepted"}
                for a in ({"reference": ward.doctor}, ref(ward.cared_for))
            ],
        },
    )

    assert answer.status_code == 201, answer.text


def test_a_provenance_is_that_patients_whose_target_it_has(
    ward: Ward, put: Put, client: FlaskClient, as_user: As
) -> None:
    stored = put(
        "Provenance",
        target=[ref(ward.observations[ward.cared_for["id"]])],
        recorded="2026-01-01T00:00:00Z",
        agent=[{"who": {"reference": ward.doctor}}],
    )
    full = f"urn:uuid:{ids.new()}"
    together = client.post(
        "/fhir",
        json={
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "fullUrl": full,
                    "resource": {"resourceType": "Observation", **observation(ward.cared_for)},
                    "request": {"method": "POST", "url": "Observation"},
                },
                {
                    "resource": {
                        "resourceType": "Provenance",
                        "target": [{"reference": full}],
                        "recorded": "2026-01-01T00:00:00Z",
                        "agent": [{"who": {"reference": ward.doctor}}],
                    },
                    "request": {"method": "POST", "url": "Provenance"},
                },
            ],
        },
    )
    assert together.status_code == 200, together.text
    location = together.get_json()["entry"][1]["response"]["location"].split("/_history")[0]

    doctor, other = as_user("doctor", ward.doctor), as_user("doctor", ward.nurse)

    for path in (f"/fhir/Provenance/{stored['id']}", f"/fhir/{location.split('/fhir/')[-1]}"):
        assert doctor.get(path).status_code == 200
        assert other.get(path).status_code == 404


def test_relationships_are_made_anew_from_what_is_stored(
    ward: Ward, put: Put, as_user: As, database: Database, app: Flask
) -> None:
    doctor = as_user("doctor", ward.doctor)
    denial = privacy(ward.other, {"type": "deny"})
    put("Consent", **denial)
    owners = (
        reference_self("Patient", ward.cared_for["id"]),
        reference_self("Patient", ward.other["id"]),
    )
    database.write("DELETE FROM access.care WHERE patient = %s", (owners[0],))
    database.write("DELETE FROM access.directive WHERE patient = %s", (owners[1],))
    assert doctor.get(f"/fhir/Patient/{ward.cared_for['id']}").status_code == 404

    context = app.extensions["fhirserver"].context
    assert rebuild(context.store, context.site) > 0

    assert doctor.get(f"/fhir/Patient/{ward.cared_for['id']}").status_code == 200
    denied = database.read("SELECT effect FROM access.directive WHERE patient = %s", (owners[1],))
    assert denied == [("deny",)]


def test_the_files_of_documents_go_with_the_record(as_user: As, put: Put) -> None:
    """A file is its patient's to read, and is kept from whom the patient keeps out."""
    ward = Ward(put)
    file = put(
        "Binary", contentType="text/plain", securityContext=ref(ward.cared_for), data="TGV0dGVy"
    )
    address = f"/fhir/Binary/{file['id']}"
    doctor = as_user("doctor", ward.doctor)
    patient = as_user("patient", ref(ward.cared_for)["reference"])
    other = as_user("patient", ref(ward.other)["reference"])

    assert [c.get(address).status_code for c in (doctor, patient, other)] == [200, 200, 404]

    put(
        "Consent",
        status="active",
        scope={"coding": [{"code": "patient-privacy"}]},
        category=[{"text": "mine"}],
        patient=ref(ward.cared_for),
        policyRule={"text": "x"},
        provision={
            "type": "deny",
            "actor": [{"role": {"text": "x"}, "reference": {"reference": ward.doctor}}],
        },
    )

    assert [c.get(address).status_code for c in (doctor, patient, other)] == [404, 200, 404]
