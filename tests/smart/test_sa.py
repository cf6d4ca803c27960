"""Standalone launch: the checklist of the (g)(10) test kit.

https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-standalone-launch
"""

from __future__ import annotations

import re

import pytest

from fhirserver.storage.clients import client_by_id
from tests.smart.app import HOST, at
from tests.smart.forms import form

SCOPE = "launch/patient openid fhirUser offline_access patient/*.rs"
TYPES = ["AllergyIntolerance", "CarePlan", "CareTeam", "Condition", "Coverage", "Device",
         "DiagnosticReport", "DocumentReference", "Encounter", "Goal", "Immunization",
         "MedicationDispense", "MedicationRequest", "Observation", "Procedure",
         "QuestionnaireResponse", "RelatedPerson", "ServiceRequest", "Specimen"]  # fmt: skip


@pytest.fixture
def app_of_patient(make_smart_app):
    return make_smart_app(SCOPE)


def test_sa_1_authorize_by_get_ends_at_the_app_with_code_and_state(app_of_patient, patient):
    told = app_of_patient.asked(patient)

    assert set(told) >= {"code", "state"}
    assert told["state"] == app_of_patient.state
    assert "error" not in told


def test_sa_2_authorize_by_post_does_the_same(app_of_patient, patient):
    page = patient.post("/oauth/authorize", app_of_patient.request())

    told = app_of_patient.told(app_of_patient.answered(patient, page))

    assert told["state"] == app_of_patient.state
    assert told["code"]


def test_sa_4_and_5_the_code_is_exchanged_for_a_token_that_is_not_stored(app_of_patient, patient):
    answer = app_of_patient.exchange(app_of_patient.asked(patient)["code"])

    assert answer.status_code == 200
    body = answer.json
    assert all(isinstance(body[name], str) for name in ("access_token", "token_type", "scope"))
    assert isinstance(body["expires_in"], int)
    assert body["token_type"].lower() == "bearer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Pragma"] == "no-cache"


def test_sa_6_all_that_was_asked_for_is_granted_when_all_is_allowed(app_of_patient, patient):
    assert set(app_of_patient.token(patient)["scope"].split()) == set(SCOPE.split())


def test_sa_7_the_patient_comes_with_the_token_and_can_be_read(app_of_patient, patient, chart):
    body = app_of_patient.token(patient)

    assert body["patient"] == chart.patient
    read = app_of_patient.fhir(body["access_token"], f"Patient/{chart.patient}")
    assert (read.status_code, read.json["resourceType"]) == (200, "Patient")


def test_sa_8_without_a_token_the_same_read_is_401(app_of_patient, chart):
    answer = app_of_patient.http.get(f"/fhir/Patient/{chart.patient}", base_url=HOST)

    assert answer.status_code == 401


def test_sa_9_identity_and_refresh_token_come_when_asked_for(app_of_patient, patient):
    body = app_of_patient.token(patient)

    assert body["id_token"].count(".") == 2
    assert body["refresh_token"]


@pytest.mark.parametrize("resource_type", TYPES)
def test_sa_10_every_type_of_us_core_can_be_searched(
    app_of_patient, patient, chart, resource_type, remembered_token
):
    token = remembered_token(app_of_patient, patient)

    answer = app_of_patient.fhir(token, f"{resource_type}?patient={chart.patient}")

    assert answer.status_code == 200, answer.text


@pytest.fixture
def remembered_token():
    return lambda app, user: app.token(user)["access_token"]


def test_staff_choose_the_patient_by_name(make_smart_app, doctor, chart):
    app = make_smart_app("launch/patient patient/Patient.rs")
    picker = app.ask(doctor)
    assert picker.request.path == "/oauth/patient"
    typed = form(picker.text).values(answer="search") | {"name": [chart.family]}

    found = doctor.post(at(picker), typed)
    assert "born 3 Feb 1980" in found.text
    chosen = form_with(found.text, chart.patient)
    page = doctor.post(at(picker), chosen)
    assert "Choose another" in page.text
    told = app.told(app.answered(doctor, page))

    assert app.exchange(told["code"]).json["patient"] == chart.patient


def form_with(text: str, patient: str) -> dict[str, str]:
    """What a browser sends when the button of a patient is pressed."""
    assert f'name="patient" value="{patient}"' in text
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token is not None
    return {"csrf_token": token[1], "patient": patient}


def test_the_picker_says_when_nobody_fits_or_nothing_was_typed(make_smart_app, doctor):
    picker = make_smart_app("launch/patient patient/Patient.rs").ask(doctor)
    values = form(picker.text).values(answer="search")

    assert "Type a name" in doctor.post(at(picker), values).text
    nobody = doctor.post(at(picker), values | {"name": ["Nobody Atall"]})
    assert "Nobody whom you may see fits" in nobody.text
    wrong = doctor.post(at(picker), values | {"born": ["yesterday"]})
    assert wrong.status_code == 200


def test_who_leaves_the_picker_denies(make_smart_app, doctor):
    app = make_smart_app("launch/patient patient/Patient.rs")
    picker = app.ask(doctor)

    assert app.told(doctor.send(picker, answer="deny"))["error"] == "access_denied"


def test_a_patient_cannot_choose_somebody_else(make_smart_app, patient, make_chart):
    other = make_chart()
    app = make_smart_app("launch/patient patient/Patient.rs")
    page = app.ask(patient)
    picker = at(page).replace("/oauth/consent", "/oauth/patient")

    answer = patient.post(picker, form(page.text).values(patient=other.patient))

    assert answer.status_code == 403
    assert app.token(patient)["patient"] != other.patient


def test_relatives_work_with_whom_they_look_after(make_smart_app, make_user, client, chart):
    relative = {
        "resourceType": "RelatedPerson",
        "patient": {"reference": f"Patient/{chart.patient}"},
    }
    made = client.post("/fhir/RelatedPerson", json=relative).json["id"]
    app = make_smart_app("launch/patient patient/Patient.rs")

    body = app.token(make_user(f"RelatedPerson/{made}", "patient"))

    assert body["patient"] == chart.patient


def test_who_denies_sends_the_app_away_with_access_denied(app_of_patient, patient):
    page = app_of_patient.ask(patient)

    told = app_of_patient.told(patient.send(page, answer="deny"))

    assert told == {"error": "access_denied", "state": app_of_patient.state} | {
        k: v for k, v in told.items() if k in {"error_description", "iss"}
    }


def test_the_page_says_who_asks_for_whom_and_for_how_long(app_of_patient, patient, chart):
    text = app_of_patient.ask(patient).text

    assert "Growth Chart" in text
    assert "https://app.example" in text
    assert chart.family in text
    assert "born 3 Feb 1980" in text
    assert "Go on by itself for 90 days" in text
    assert "ends when you sign out, and after 12 hours in any case" in text
    assert "Choose another" not in text


def test_what_needs_its_user_to_be_signed_in_ends_with_the_session(make_smart_app, patient):
    app = make_smart_app("launch/patient online_access patient/Patient.rs")
    body = app.token(patient)
    patient.post("/signout", form(patient.get("/account/apps").text, "/signout").values())

    values = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    again = app.http.post("/oauth/token", data=values, base_url=HOST)

    assert app.fhir(body["access_token"], f"Patient/{body['patient']}").status_code == 401
    assert again.status_code == 400
    assert "No app may do anything in your name" in patient.get("/account/apps").text


def test_nothing_is_remembered(app_of_patient, patient):
    app_of_patient.asked(patient)

    assert app_of_patient.ask(patient).request.path == "/oauth/consent"


def test_a_request_that_was_decided_is_over(app_of_patient, patient):
    page = app_of_patient.ask(patient)
    app_of_patient.answered(patient, page)

    assert patient.get(at(page)).status_code == 404
    assert "code=" not in (app_of_patient.answered(patient, page).location or "")


def test_the_name_of_a_client_is_text(make_smart_app, patient, database):
    app = make_smart_app("launch/patient patient/Patient.rs", name="<script>alert(1)</script>")
    assert client_by_id(database, app.client_id).name.startswith("<script>")

    assert "<script>" not in app.ask(patient).text
