"""Authenticator apps, recovery codes, and roles that need them. ASVS 5.0, 6.3 to 6.6."""

from __future__ import annotations

import re

import psycopg
import pytest

from fhirserver.storage import credentials
from tests.oauth.browser import Browser, forms
from tests.oauth.people import PASSWORD, code_of, seed_in
from tests.oauth.test_sign_in import COOKIE, who


@pytest.fixture
def elsewhere(app):
    """Another browser."""
    return Browser(app, address="127.0.0.2")


def test_after_the_password_the_code_of_the_app_is_asked_for(app, elsewhere, ada, connected):
    seed, _ = connected

    answer = elsewhere.sign_in(ada.name, PASSWORD, next="/fhir/metadata")

    assert answer.location == "/signin/second"
    assert elsewhere.cookie(COOKIE) is None
    done = elsewhere.fill("/signin/second", code=code_of(seed))
    assert done.location == "/fhir/metadata"
    assert who(app, elsewhere).methods == ("password", "one-time-code")


def test_a_wrong_code_signs_nobody_in(elsewhere, ada, connected):
    elsewhere.sign_in(ada.name, PASSWORD)

    answer = elsewhere.fill("/signin/second", code="000000")

    assert answer.status_code == 401
    assert elsewhere.cookie(COOKIE) is None


@pytest.mark.parametrize(
    "code",
    ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "-12345", "12 34"],
)
def test_what_is_no_code_is_refused(elsewhere, ada, connected, code):
    elsewhere.sign_in(ada.name, PASSWORD)

    assert elsewhere.fill("/signin/second", code=code).status_code == 401


def test_a_code_may_be_typed_with_a_space(elsewhere, ada, connected):
    elsewhere.sign_in(ada.name, PASSWORD)
    code = code_of(connected[0])

    assert elsewhere.fill("/signin/second", code=f"{code[:3]} {code[3:]}").status_code == 303


def test_without_the_password_the_second_step_is_not_shown(browser):
    assert browser.get("/signin/second").location == "/signin"
    assert browser.get("/signin/connect").location == "/signin"


def test_a_recovery_code_works_once(app, ada, connected):
    code = connected[1][0]
    first, second = Browser(app), Browser(app)
    first.sign_in(ada.name, PASSWORD)
    second.sign_in(ada.name, PASSWORD)

    done = first.fill("/signin/second", recovery_code=code.upper().replace("-", " "))
    again = second.fill("/signin/second", recovery_code=code)

    assert done.status_code == 303
    assert who(app, first).methods == ("password", "recovery-code")
    assert again.status_code == 401


def test_ten_codes_are_shown_once_and_kept_as_hashes(connected, ada, database_url):
    codes = connected[1]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT r::text FROM access.recovery_code r WHERE user_id = %s", (ada.id,)
        ).fetchall()

    assert len(codes) == len(set(codes)) == len(rows) == 10
    assert not any(
        code in row[0] or code.replace("-", "") in row[0] for row in rows for code in codes
    )


def test_new_recovery_codes_end_the_old_ones(browser, app, ada, connected):
    page = browser.fill("/account", action="/account/recovery-codes")
    new = re.findall(r"<li>([a-z2-7-]+)</li>", page.text)
    other = Browser(app)
    other.sign_in(ada.name, PASSWORD)

    assert len(new) == 10
    assert other.fill("/signin/second", recovery_code=connected[1][0]).status_code == 401
    assert other.fill("/signin/second", recovery_code=new[0]).status_code == 303


def test_the_seed_is_stored_sealed(connected, ada, database):
    stored = credentials.credentials(database, ada.id, "totp")[0].secret

    assert connected[0].encode() not in stored
    assert len(stored) > 40


def test_an_app_is_connected_only_with_a_right_code(browser, ada, database):
    browser.sign_in(ada.name, PASSWORD)

    page = browser.get("/account/authenticator")
    form = next(f for f in forms(page.text) if f.action == "/account/authenticator")
    answer = browser.send(form.action, form.hidden | {"code": "123456"})

    assert answer.status_code == 422
    assert seed_in(answer.text) == seed_in(page.text), "the same picture"
    assert credentials.credentials(database, ada.id, "totp") == []


def test_another_users_picture_can_not_be_used(browser, app, ada, a_user, database):
    other = a_user()
    browser.sign_in(ada.name, PASSWORD)
    page = browser.get("/account/authenticator")
    theirs = forms(page.text)[-1].hidden["connection"]
    stranger = Browser(app)
    stranger.sign_in(other.name, PASSWORD)

    stranger.fill(
        "/account/authenticator",
        action="/account/authenticator",
        connection=theirs,
        code=code_of(seed_in(page.text)),
    )

    assert credentials.credentials(database, other.id, "totp") == []


def test_a_disconnected_app_is_not_asked_for(browser, elsewhere, ada, connected):
    browser.fill("/account", action="/account/authenticator/remove")

    assert elsewhere.sign_in(ada.name, PASSWORD).location == "/"


def test_to_change_the_second_step_one_confirms_first(browser, ada, database_url):
    browser.sign_in(ada.name, PASSWORD)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE access.session SET authenticated = now() - interval '11 minutes' "
            "WHERE user_id = %s",
            (ada.id,),
        )

    for answer in (
        browser.get("/account/authenticator"),
        browser.fill("/account", action="/account/recovery-codes")
        if "/account/recovery-codes" in browser.get("/account").text
        else browser.get("/account/authenticator"),
    ):
        assert "reauthenticate=1" in answer.location


@pytest.fixture
def strict(make_app):
    """A server where doctors need a second factor."""
    return make_app(second_factor_roles="doctor, pharmacist")


def test_a_role_that_needs_a_second_factor_gets_one_at_the_first_sign_in(strict, ada, database):
    browser = Browser(strict)

    answer = browser.sign_in(ada.name, PASSWORD, next="/fhir/metadata")

    assert answer.location == "/signin/connect"
    assert browser.cookie(COOKIE) is None
    page = browser.get("/signin/connect")
    form = forms(page.text)[-1]
    done = browser.send("/signin/connect", form.hidden | {"code": code_of(seed_in(page.text))})
    assert done.status_code == 200
    assert 'href="/fhir/metadata"' in done.text
    assert who(strict, browser).methods == ("password", "one-time-code")
    assert len(credentials.credentials(database, ada.id, "totp")) == 1


def test_other_roles_sign_in_without(strict, a_user):
    nurse = a_user(roles=["nurse"])

    assert Browser(strict).sign_in(nurse.name, PASSWORD).location == "/"


def test_the_last_second_factor_of_such_a_role_stays(strict, ada, connected, database):
    browser = Browser(strict)
    browser.sign_in(ada.name, PASSWORD)
    browser.fill("/signin/second", code=code_of(connected[0]))

    answer = browser.fill("/account", action="/account/authenticator/remove")

    assert answer.status_code == 422
    assert len(credentials.credentials(database, ada.id, "totp")) == 1


def test_who_has_an_app_can_not_connect_another_with_the_password_alone(app, ada, connected):
    browser = Browser(app)
    browser.sign_in(ada.name, PASSWORD)
    page = browser.get("/signin/connect")
    form = forms(page.text)[-1]

    done = browser.send("/signin/connect", form.hidden | {"code": code_of(seed_in(page.text))})

    assert done.location == "/signin"
    assert browser.cookie(COOKIE) is None
