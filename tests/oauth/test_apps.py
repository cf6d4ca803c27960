"""The page of apps that may do something in a person's name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fhirserver import clock, ids
from fhirserver.storage import grants
from fhirserver.storage.clients import Client, add_client
from fhirserver.storage.grants import Family
from tests.oauth.people import PASSWORD


@pytest.fixture
def make_grant(database):
    """A token of an app that a user granted something: `make_grant(user, "patient/*.rs")`."""

    def make(user, scope: str, **given) -> str:
        client = Client(f"app-{ids.new()}", "Growth Chart", "public", scope=scope)
        family = Family(
            subject=user.id,
            scope=scope,
            expires=clock.now() + timedelta(days=90),
            client=client.id,
            user=user.id,
            is_offline=True,
            **given,
        )
        with database.transaction() as connection:
            add_client(connection, client)
            started = grants.start_family(connection, family)
            token = grants.new_secret()
            grants.add_token(connection, token, started, "access", scope, 3600)
        return token

    return make


@pytest.fixture
def ada(a_user):
    """Somebody at the reception, who sees the contact details of everybody."""
    return a_user(display="Ada Lovelace", roles=["reception"])


def asked(client, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return client.get("/fhir/Patient?_count=1", headers=headers).status_code


def test_each_app_is_listed_with_what_it_may_do(browser, ada, make_grant):
    make_grant(ada, "openid user/Appointment.crus")
    browser.sign_in(ada.name, PASSWORD)

    text = browser.get("/account/apps").text

    assert "Growth Chart" in text
    assert "Read appointments, in every record that you may see" in text
    assert "Add and change appointments, in every record that you may see" in text


def test_an_app_that_works_with_a_patient_names_them(browser, ada, make_grant, client):
    family = f"Byron{ids.new()}"
    patient = {"resourceType": "Patient", "name": [{"family": family}]}
    made = client.post("/fhir/Patient", json=patient).json["id"]
    make_grant(ada, "patient/Patient.rs", patient=made)
    browser.sign_in(ada.name, PASSWORD)

    assert family in browser.get("/account/apps").text


def test_when_an_app_was_used_last_is_told(browser, ada, make_grant, client):
    token = make_grant(ada, "user/Patient.rs")
    browser.sign_in(ada.name, PASSWORD)
    before = browser.get("/account/apps").text

    assert asked(client, token) == 200

    after = browser.get("/account/apps").text
    assert "<dd>never</dd>" in before
    assert "<dd>never</dd>" not in after


def test_what_is_taken_back_is_over_at_once(browser, ada, make_grant, client):
    token = make_grant(ada, "user/Patient.rs")
    kept = make_grant(ada, "user/Patient.rs")
    assert asked(client, token) == 200
    browser.sign_in(ada.name, PASSWORD)
    page = browser.get("/account/apps").text
    # The newest is first.
    family = page.split('name="revoke" value="')[2].partition('"')[0]

    answer = browser.fill("/account/apps", action="", revoke=family)

    assert answer.location == "/account/apps?taken_back=1"
    assert "no access any more" in browser.get(answer.location).text
    assert asked(client, token) == 401
    assert asked(client, kept) == 200


def test_nobody_takes_back_what_others_granted(browser, ada, a_user, make_grant, client, app):
    other = a_user(roles=["reception"])
    token = make_grant(other, "user/Patient.rs")
    make_grant(ada, "user/Patient.rs")
    theirs = grants.families_of_user(app.extensions["fhirserver"].context.store.database, other.id)
    browser.sign_in(ada.name, PASSWORD)

    browser.fill("/account/apps", action="", revoke=theirs[0].id)
    browser.fill("/account/apps", action="", revoke="no id")

    assert asked(client, token) == 200


def test_who_is_not_signed_in_signs_in_first(browser):
    assert browser.get("/account/apps").location == "/signin?next=%2Faccount%2Fapps"


def test_nobody_without_apps_is_told_so(browser, ada):
    browser.sign_in(ada.name, PASSWORD)

    assert "No app may do anything in your name" in browser.get("/account/apps").text
