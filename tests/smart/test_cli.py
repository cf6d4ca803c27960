"""Public clients: the checklist of the (g)(10) test kit.

https://hl7.org/fhir/smart-app-launch/app-launch.html#support-for-public-and-confidential-apps
"""

from __future__ import annotations

import pytest

from fhirserver import ids
from fhirserver.storage.clients import Client, add_client, new_secret
from tests.smart.app import HOST
from tests.smart.conftest import REDIRECT

ORIGIN = {"Origin": "https://app.example"}
SCOPE = "launch/patient offline_access patient/Patient.rs"


@pytest.fixture
def app_of_patient(make_smart_app):
    return make_smart_app(SCOPE)


def allowed_origin(answer) -> str | None:
    return answer.headers.get("Access-Control-Allow-Origin")


def test_cli_1_a_public_client_gives_its_id_in_the_body(app_of_patient, patient):
    code = app_of_patient.asked(patient)["code"]

    assert app_of_patient.exchange(code).status_code == 200


def test_cli_1_without_the_verifier_there_is_no_token(app_of_patient, patient):
    code = app_of_patient.asked(patient)["code"]

    assert app_of_patient.exchange(code, code_verifier="a" * 43).status_code == 400


def test_cli_1_a_browser_lets_an_app_read_what_it_gets(app_of_patient, patient, chart):
    code = app_of_patient.asked(patient)["code"]
    http = app_of_patient.http
    values = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "client_id": app_of_patient.client_id,
        "code_verifier": app_of_patient.verifier,
    }

    answer = http.post("/oauth/token", data=values, headers=ORIGIN, base_url=HOST)
    headers = ORIGIN | {"Authorization": f"Bearer {answer.json['access_token']}"}
    read = http.get(f"/fhir/Patient/{chart.patient}", headers=headers, base_url=HOST)
    asked = ORIGIN | {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = http.options(f"/fhir/Patient/{chart.patient}", headers=asked, base_url=HOST)

    for each in (answer, read, preflight):
        assert each.status_code in {200, 204}
        assert allowed_origin(each) in {"*", ORIGIN["Origin"]}
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()


def refreshed(app, **values):
    return app.http.post(
        "/oauth/token", data={"grant_type": "refresh_token"} | values, base_url=HOST
    )


def test_a_public_client_refreshes_with_and_without_its_id(app_of_patient, patient):
    first = app_of_patient.token(patient)["refresh_token"]

    named = refreshed(app_of_patient, refresh_token=first, client_id=app_of_patient.client_id)
    unnamed = refreshed(app_of_patient, refresh_token=named.json["refresh_token"])

    assert (named.status_code, unnamed.status_code) == (200, 200)
    assert refreshed(app_of_patient, refresh_token="guessed").status_code in {400, 401}


def test_a_client_with_a_secret_does_not_refresh_without_it(
    app_of_patient, patient, database, make_smart_app
):
    body = app_of_patient.token(patient)
    _, stored = new_secret()
    with database.transaction() as connection:
        add_client(
            connection,
            Client(
                id=app_of_patient.client_id,
                name=f"Secretive {ids.new()}",
                kind="symmetric",
                secret=stored,
                redirect_uris=(REDIRECT,),
                scope=SCOPE,
            ),
        )

    assert refreshed(app_of_patient, refresh_token=body["refresh_token"]).status_code == 401
