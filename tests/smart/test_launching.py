"""Our launcher's page opens apps of others, by its token."""

from __future__ import annotations

import pytest

from fhirserver.storage.clients import set_client_active
from tests.audit.conftest import events, request_id  # noqa: F401 - fixtures
from tests.smart.app import HOST
from tests.smart.conftest import LAUNCH
from tests.smart.launching import told

SCOPE = "openid fhirUser online_access user/Patient.rs user/Encounter.rs"
ASKED = "launch openid patient/Patient.rs"


@pytest.fixture
def launcher(make_smart_app):
    return make_smart_app(SCOPE, is_trusted=True, name="Home")


@pytest.fixture
def growth_chart(make_smart_app):
    return make_smart_app(ASKED, name="Growth Chart")


def token_of(user, app):
    return app.exchange(app.told(app.ask(user))["code"]).json["access_token"]


@pytest.fixture
def bearer(launcher, doctor):
    return {"Authorization": f"Bearer {token_of(doctor, launcher)}"}


@pytest.fixture
def launch(app, bearer):
    def act(headers=bearer, **given):
        return app.test_client().post("/apps/launch", json=given, headers=headers, base_url=HOST)

    return act


def test_an_app_is_opened_with_the_patient_and_only_its_user_can_go_on(
    launch, growth_chart, doctor, chart, make_user
):
    answer = launch(client=growth_chart.client_id, patient=chart.patient, intent="look")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["url"].startswith(f"{LAUNCH}?iss=http%3A%2F%2F127.0.0.1%3A8000%2Ffhir&")
    given = told_of(answer.json["url"])
    body = growth_chart.token(doctor, launch=given["launch"])
    assert (body["patient"], body["intent"]) == (chart.patient, "look")


def told_of(address):
    class Answer:
        location = address

    return told(Answer())


def test_another_user_in_the_same_browser_opens_nothing(launch, growth_chart, chart, make_user):
    other = make_user(f"Practitioner/{chart.doctor}", "doctor")
    answer = launch(client=growth_chart.client_id, patient=chart.patient)

    page = growth_chart.ask(other, launch=told_of(answer.json["url"])["launch"])

    assert "code" not in told(page)


def test_the_visit_brings_its_patient(launch, growth_chart, doctor, chart):
    answer = launch(client=growth_chart.client_id, encounter=chart.encounter)

    body = growth_chart.token(doctor, launch=told_of(answer.json["url"])["launch"])
    assert (body["patient"], body["encounter"]) == (chart.patient, chart.encounter)


def test_what_else_is_open_is_told(launch, growth_chart, doctor, chart):
    more = [{"reference": "ImagingStudy/1"}]
    answer = launch(
        client=growth_chart.client_id,
        patient=chart.patient,
        fhirContext=more,
        need_patient_banner=False,
    )

    body = growth_chart.token(doctor, launch=told_of(answer.json["url"])["launch"])
    assert body["fhirContext"] == more
    assert body["need_patient_banner"] is False


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"client": "nobody"}, 404),
        ({}, 404),
        ({"client": 1}, 400),
        ({"patient": "nobody"}, 404),
        ({"encounter": "nobody"}, 404),
        ({"need_patient_banner": "no"}, 400),
        ({"fhirContext": "Patient/1"}, 400),
        ({"fhirContext": [{"reference": "Patient/1"}]}, 400),
        ({"secret": "x"}, 400),
    ],
)
def test_what_can_t_be_opened_is_refused(launch, growth_chart, given, status):
    known = {} if "client" in given or not given else {"client": growth_chart.client_id}

    assert launch(**known, **given).status_code == status


def test_a_patient_whom_the_user_may_not_see_is_not_opened(launch, growth_chart, make_chart):
    other = make_chart()

    assert launch(client=growth_chart.client_id, patient=other.patient).status_code == 404


def test_only_our_own_apps_open_others(app, launch, growth_chart, doctor, make_smart_app, token):
    theirs = make_smart_app("openid user/Patient.rs")
    theirs_token = theirs.token(doctor)["access_token"]
    for given, status in (
        ({"Authorization": f"Bearer {theirs_token}"}, 403),
        ({"Authorization": f"Bearer {token()}"}, 403),
        ({"Authorization": "Bearer wrong"}, 401),
        ({}, 401),
    ):
        assert launch(headers=given, client=growth_chart.client_id).status_code == status
        answer = app.test_client().get("/apps/launchable.json", headers=given)
        assert answer.status_code == status


def test_a_cookie_is_not_enough_nor_is_a_form(launch, bearer, doctor, growth_chart, app):
    with_cookie = doctor.browser.post(
        "/apps/launch", json={"client": growth_chart.client_id}, base_url=HOST
    )
    assert with_cookie.status_code == 401

    form = app.test_client().post(
        "/apps/launch", data={"client": growth_chart.client_id}, headers=bearer
    )
    assert form.status_code == 415


def test_the_list_has_the_apps_that_can_be_opened(
    app, bearer, growth_chart, launcher, make_smart_app, database
):
    alone = make_smart_app("openid", allowed="openid user/Patient.rs")
    stopped = make_smart_app(ASKED)
    with database.transaction() as connection:
        set_client_active(connection, stopped.client_id, False)

    answer = app.test_client().get("/apps/launchable.json", headers=bearer)

    listed = {each["id"]: each["name"] for each in answer.json["clients"]}
    assert listed[growth_chart.client_id] == "Growth Chart"
    assert not {alone.client_id, stopped.client_id} & set(listed)


def test_that_an_app_was_opened_is_on_record(
    launch,
    bearer,
    growth_chart,
    chart,
    events,  # noqa: F811
    request_id,  # noqa: F811
):
    headers = bearer | {"X-Request-Id": request_id}
    launch(headers=headers, client=growth_chart.client_id, patient=chart.patient)

    found = events(request_id, expected=2)

    (event,) = [e for e in found if e["subtype"][-1]["code"] == "launch-app"]
    assert event["outcomeDesc"] == growth_chart.client_id
    assert f"Practitioner/{chart.doctor}" in str(event["agent"])
