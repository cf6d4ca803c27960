"""EHR launch: the checklist of the (g)(10) test kit, and what it leaves out.

https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.smart.app import HOST
from tests.smart.conftest import LAUNCH
from tests.smart.forms import form
from tests.smart.launching import launched, opened, refused, told

SCOPE = "launch openid fhirUser offline_access user/*.rs"


@pytest.fixture
def ehr_app(make_smart_app):
    return make_smart_app(SCOPE)


def test_ehr_1_the_app_is_called_with_iss_and_launch(ehr_app, doctor, chart):
    answer = opened(doctor, ehr_app, patient=chart.patient)

    assert answer.status_code == 303
    assert answer.location.startswith(f"{LAUNCH}?")
    assert set(told(answer)) == {"iss", "launch"}
    assert told(answer)["iss"] == f"{HOST}/fhir"
    assert len(told(answer)["launch"]) >= 43


def test_ehr_2_and_3_the_app_gets_patient_and_encounter(ehr_app, doctor, chart):
    launch = launched(doctor, ehr_app, patient=chart.patient, encounter=chart.encounter)

    body = ehr_app.token(doctor, launch=launch)

    assert (body["patient"], body["encounter"]) == (chart.patient, chart.encounter)
    for address in (f"Patient/{chart.patient}", f"Encounter/{chart.encounter}"):
        assert ehr_app.fhir(body["access_token"], address).status_code == 200


def test_ehr_4_banner_and_style_come_with_the_token(ehr_app, doctor, chart):
    launch = launched(doctor, ehr_app, patient=chart.patient, need_patient_banner="false")

    body = ehr_app.token(doctor, launch=launch)

    assert body["need_patient_banner"] is False
    style = ehr_app.http.get(urlsplit(body["smart_style_url"]).path, base_url=HOST)
    assert (style.status_code, style.is_json) == (200, True)


def test_ehr_5_scopes_on_the_patient_can_be_had_in_an_ehr_launch(make_smart_app, doctor, chart):
    app = make_smart_app("launch patient/Patient.rs patient/Observation.read")
    launch = launched(doctor, app, patient=chart.patient)

    body = app.token(doctor, launch=launch)

    assert "patient/Patient.rs" in body["scope"].split()
    assert app.fhir(body["access_token"], f"Patient/{chart.patient}").status_code == 200


def test_ehr_6_what_else_is_open_comes_as_fhir_context(ehr_app, doctor, chart):
    context = [
        {"reference": "ImagingStudy/123"},
        {"canonical": "http://example.org/Questionnaire/q|1", "type": "Questionnaire"},
    ]
    launch = launched(
        doctor, ehr_app, patient=chart.patient, fhirContext=json.dumps(context), intent="review"
    )

    body = ehr_app.token(doctor, launch=launch)

    assert body["fhirContext"] == context
    assert body["intent"] == "review"


@pytest.mark.parametrize(
    "context",
    [
        "{}",
        "not JSON",
        '["ImagingStudy/1"]',
        '[{"type": "ImagingStudy"}]',
        '[{"reference": "https://other.example/fhir/ImagingStudy/1"}]',
        '[{"reference": "Patient/1"}]',
        "[" * 3000,
    ],
)
def test_a_fhir_context_that_is_none_is_refused(ehr_app, doctor, context):
    assert opened(doctor, ehr_app, fhirContext=context).status_code == 400


def test_the_visit_brings_its_patient_and_no_other(ehr_app, doctor, chart, make_chart):
    launch = launched(doctor, ehr_app, encounter=chart.encounter)

    assert ehr_app.token(doctor, launch=launch)["patient"] == chart.patient
    other = make_chart()
    assert opened(
        doctor, ehr_app, patient=other.patient, encounter=chart.encounter
    ).status_code in {400, 404}


def test_a_launch_without_a_patient_lets_the_user_choose_one(make_smart_app, make_user, chart):
    app = make_smart_app("launch launch/patient patient/Patient.rs")
    patient = make_user(f"Patient/{chart.patient}", "patient")
    launch = launched(patient, app)

    assert app.token(patient, launch=launch)["patient"] == chart.patient


def test_a_patient_whom_the_user_may_not_see_is_not_launched_with(ehr_app, doctor):
    assert opened(doctor, ehr_app, patient="nobody").status_code == 404


def test_who_is_not_signed_in_launches_nothing(ehr_app, make_user):
    user = make_user(None)
    page = user.browser.get("/signin", base_url=HOST)
    values = form(page.text, "/signin").values(client=ehr_app.client_id)

    assert user.post("/oauth/launch", values).status_code == 401


def test_the_patient_of_a_launch_cannot_be_changed(ehr_app, doctor, chart):
    launch = launched(doctor, ehr_app, patient=chart.patient)

    assert "Choose another" not in ehr_app.ask(doctor, launch=launch).text


def test_ehr_7_an_unknown_launch_gives_no_code(ehr_app, doctor):
    assert refused(ehr_app, doctor, launch="guessed")
    assert refused(ehr_app, doctor, launch="")


def test_ehr_7_a_launch_works_once(ehr_app, doctor, chart):
    launch = launched(doctor, ehr_app, patient=chart.patient)
    ehr_app.token(doctor, launch=launch)

    assert refused(ehr_app, doctor, launch=launch)


def test_ehr_7_a_launch_of_another_user_gives_no_code(ehr_app, doctor, make_user, chart):
    launch = launched(doctor, ehr_app, patient=chart.patient)

    assert refused(ehr_app, make_user(f"Practitioner/{chart.doctor}", "doctor"), launch=launch)


def test_ehr_7_a_launch_of_another_app_gives_no_code(ehr_app, make_smart_app, doctor, chart):
    other = make_smart_app(SCOPE)
    launch = launched(doctor, other, patient=chart.patient)

    assert refused(ehr_app, doctor, launch=launch)


def test_ehr_7_an_old_launch_gives_no_code(ehr_app, doctor, chart, database_url):
    launch = launched(doctor, ehr_app, patient=chart.patient)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE access.launch SET expires = now() WHERE client = %s", (ehr_app.client_id,)
        )

    assert refused(ehr_app, doctor, launch=launch)
