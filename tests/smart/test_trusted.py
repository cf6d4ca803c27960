"""Trusted apps: the hospital's own are no third party, so that their users aren't asked.

What they may do is their user's rights within their scopes, as of any app.
"""

from __future__ import annotations

import pytest

from fhirserver.storage.clients import client_by_id, set_client_trusted
from tests.audit.conftest import events, request_id, whats  # noqa: F401 - fixtures
from tests.smart.app import HOST
from tests.smart.forms import form
from tests.smart.launching import launched

SCOPE = "openid fhirUser online_access user/Patient.rs"


@pytest.fixture
def own(make_smart_app):
    return make_smart_app(SCOPE, is_trusted=True, name="Chart")


def silent(user, app, **changed):
    """What the app is told when no page may be shown."""
    answer = user.browser.get(
        "/oauth/authorize",
        query_string=app.request(**({"prompt": "none"} | changed)),
        base_url=HOST,
    )
    return app.told(answer)


def test_who_signs_in_is_not_asked_and_all_that_the_app_asks_for_is_granted(own, doctor):
    told = own.told(own.ask(doctor))

    body = own.exchange(told["code"]).json
    assert told["state"] == own.state
    assert set(body["scope"].split()) == set(SCOPE.split())
    assert body["id_token"]
    assert body["refresh_token"]


def test_who_is_signed_in_already_sees_no_page_at_all(own, doctor):
    doctor.sign_in()

    assert own.told(own.ask(doctor))["code"]


def test_it_gets_no_further_than_its_user(own, doctor, make_chart):
    somebody = make_chart()

    token = own.exchange(own.told(own.ask(doctor))["code"]).json["access_token"]

    assert own.fhir(token, f"Patient/{somebody.patient}").status_code == 404
    assert own.fhir(token, f"Observation?patient={somebody.patient}").status_code == 403


def test_it_gets_no_further_than_it_is_registered_for(make_smart_app, doctor):
    app = make_smart_app(SCOPE, is_trusted=True, allowed="openid user/Observation.rs")

    assert app.told(app.ask(doctor))["error"] == "invalid_scope"


def test_what_it_was_granted_is_on_record(
    own,
    doctor,
    events,  # noqa: F811
    request_id,  # noqa: F811
):
    doctor.sign_in()
    page = doctor.browser.get(
        "/oauth/authorize", query_string=own.request(), base_url=HOST
    ).location
    answer = doctor.browser.get(page, headers={"X-Request-Id": request_id}, base_url=HOST)
    assert "code" in own.told(answer)

    (event,) = events(request_id)
    assert event["subtype"][1]["code"] == "oauth-allow"
    assert event["outcomeDesc"] == SCOPE
    assert event["agent"][0]["who"]["identifier"]["value"] == own.client_id


def test_who_has_several_patients_chooses_one_and_is_asked_nothing_else(
    make_smart_app, doctor, chart
):
    app = make_smart_app("launch/patient patient/Patient.rs", is_trusted=True)

    picker = app.ask(doctor)
    assert picker.status_code == 200
    found = doctor.send(picker, answer="search", name=chart.family)
    told = app.told(doctor.send(found, patient=chart.patient))

    assert app.exchange(told["code"]).json["patient"] == chart.patient


def test_a_launch_brings_its_patient_without_a_question(make_smart_app, doctor, chart):
    app = make_smart_app("launch openid patient/Patient.rs", is_trusted=True)

    launch = launched(doctor, app, patient=chart.patient)
    told = app.told(app.ask(doctor, launch=launch))

    assert app.exchange(told["code"]).json["patient"] == chart.patient


def test_an_app_that_wants_the_question_gets_it(own, doctor):
    page = own.ask(doctor, prompt="consent")

    assert page.status_code == 200
    assert form(page.text).boxes


def test_others_are_asked_about(make_smart_app, doctor):
    assert make_smart_app(SCOPE).ask(doctor).status_code == 200


def test_an_app_that_is_not_trusted_any_more_is_asked_about(own, doctor, database):

    with database.transaction() as connection:
        assert set_client_trusted(connection, own.client_id, False)

    assert own.ask(doctor).status_code == 200


def test_one_signs_in_silently_with_a_live_session(own, doctor):
    doctor.sign_in()

    told = silent(doctor, own)

    assert own.exchange(told["code"]).status_code == 200
    assert told["state"] == own.state


def test_nobody_signs_in_silently_without_a_session(own, doctor):
    assert silent(doctor, own)["error"] == "login_required"

    doctor.sign_in()
    doctor.browser.post(
        "/signout", data=form(doctor.get("/account").text, "/signout").values(), base_url=HOST
    )

    assert silent(doctor, own)["error"] == "login_required"


def test_nobody_signs_in_silently_to_an_app_that_is_not_trusted(make_smart_app, doctor):
    doctor.sign_in()

    assert silent(doctor, make_smart_app(SCOPE))["error"] == "consent_required"


def test_a_choice_of_patients_is_not_silent(make_smart_app, doctor):
    doctor.sign_in()
    app = make_smart_app("launch/patient patient/Patient.rs", is_trusted=True)

    assert silent(doctor, app)["error"] == "interaction_required"


def test_silence_goes_with_no_other_wish(own, doctor):
    doctor.sign_in()

    assert silent(doctor, own, prompt="none login")["error"] == "invalid_request"


def test_a_launch_is_answered_silently_once(make_smart_app, doctor, chart):
    app = make_smart_app("launch openid patient/Patient.rs", is_trusted=True)
    launch = launched(doctor, app, patient=chart.patient)

    told = silent(doctor, app, launch=launch)

    assert app.exchange(told["code"]).json["patient"] == chart.patient
    assert silent(doctor, app, launch=launch)["error"] == "invalid_request"


def test_nobody_becomes_trusted_by_registering(make_app):
    app = make_app(client_registration="open")

    answer = app.test_client().post(
        "/oauth/register",
        json={
            "client_name": "Chart",
            "redirect_uris": ["https://app.example/back"],
            "scope": SCOPE,
            "token_endpoint_auth_method": "none",
            "is_trusted": True,
            "own_app": "chart",
        },
    )

    database = app.extensions["fhirserver"].context.store.database
    found = client_by_id(database, answer.json["client_id"])
    assert (found.is_trusted, found.own_app) == (False, None)
