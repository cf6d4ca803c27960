"""The pages /signin and /signout. OWASP ASVS 5.0, chapters 6 and 7."""

from __future__ import annotations

import psycopg
import pytest

from fhirserver.oauth.session import sign_in_address, signed_in
from fhirserver.storage import epoch, sessions, users
from tests.oauth.browser import Browser
from tests.oauth.people import PASSWORD

COOKIE = "fhirserver-session"


def who(app, browser):
    """Who the server takes the browser for."""
    with app.test_request_context(headers={"Cookie": f"{COOKIE}={browser.cookie(COOKIE)}"}) as made:
        return signed_in(made.request)


def test_a_user_signs_in_with_name_and_password(app, browser, ada):
    answer = browser.sign_in(ada.name, PASSWORD)

    assert answer.status_code == 303
    assert answer.location == "/"
    found = who(app, browser)
    assert found.user.id == ada.id
    assert found.user.roles == {"doctor"}
    assert found.methods == ("password",)


def test_the_name_is_compared_without_case(app, browser, ada):
    assert browser.sign_in(f" {ada.name.upper()} ", PASSWORD).status_code == 303


def test_a_wrong_password_signs_nobody_in(app, browser, ada):
    answer = browser.sign_in(ada.name, "three blue cows")

    assert answer.status_code == 401
    assert "That did not work" in answer.text
    assert browser.cookie(COOKIE) is None


def test_a_browser_without_a_session_is_nobody(app, browser):
    assert who(app, browser) is None


def test_signing_in_leads_to_where_the_user_was_going(browser, ada):
    target = "/oauth/authorize?client_id=a&scope=launch%2Fpatient"
    page = browser.get(sign_in_address(target))
    assert page.status_code == 200

    answer = browser.fill(
        sign_in_address(target), action="/signin", name=ada.name, password=PASSWORD
    )

    assert answer.location == target


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example",
        "javascript:alert(1)",
        "account",
        "\\/evil.example",
        "/" + "a" * 9000,
        "/a\r\nSet-Cookie: a=b",
    ],
)
def test_signing_in_never_leads_elsewhere(browser, ada, address):
    answer = browser.sign_in(ada.name, PASSWORD, next=address)

    assert answer.location == "/"


def test_who_is_signed_in_already_goes_on(browser, ada):
    browser.sign_in(ada.name, PASSWORD)

    answer = browser.get("/signin?next=/fhir/metadata")

    assert answer.status_code == 303
    assert answer.location == "/fhir/metadata"


def test_signing_out_ends_the_session(app, browser, ada):
    browser.sign_in(ada.name, PASSWORD)
    kept = browser.cookie(COOKIE)

    answer = browser.fill("/signout", action="/signout")

    assert answer.location.startswith("/signin")
    assert browser.cookie(COOKIE) is None
    browser.client.set_cookie(COOKIE, kept)
    assert who(app, browser) is None


def test_a_disabled_user_is_out_at_once_and_can_not_come_back(app, browser, ada, database):
    browser.sign_in(ada.name, PASSWORD)

    users.set_active(database, ada.id, is_active=False)

    assert who(app, browser) is None
    assert browser.sign_in(ada.name, PASSWORD).status_code == 401
    users.set_active(database, ada.id, is_active=True)
    assert who(app, browser) is None


def test_changed_roles_hold_in_a_session_that_goes_on(app, browser, ada, database):
    browser.sign_in(ada.name, PASSWORD)

    users.set_roles(database, ada.id, ["nurse", "auditor"])

    assert who(app, browser).user.roles == {"nurse", "auditor"}


@pytest.mark.parametrize("column", ["seen", "started"])
def test_a_session_ends_when_idle_and_at_last_in_any_case(app, browser, ada, database_url, column):
    browser.sign_in(ada.name, PASSWORD)
    ages = {"seen": "16 minutes", "started": "13 hours"}

    with psycopg.connect(database_url) as connection:
        connection.execute(
            f"UPDATE access.session SET {column} = now() - %s::interval WHERE user_id = %s",
            (ages[column], ada.id),
        )

    assert who(app, browser) is None


def test_a_session_in_use_goes_on(app, browser, ada, database_url):
    browser.sign_in(ada.name, PASSWORD)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE access.session SET seen = now() - interval '14 minutes' WHERE user_id = %s",
            (ada.id,),
        )

    who(app, browser)

    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT now() - seen < interval '1 minute' FROM access.session WHERE user_id = %s",
            (ada.id,),
        ).fetchall()
    assert rows == [(True,)]


def test_confirming_who_one_is_gives_the_session_a_new_token(app, browser, ada, database_url):
    browser.sign_in(ada.name, PASSWORD)
    before, session = browser.cookie(COOKIE), who(app, browser)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE access.session SET authenticated = now() - interval '1 hour' WHERE id = %s",
            (session.session,),
        )

    answer = browser.fill(
        sign_in_address("/oauth/break-glass", reauthenticate=True),
        action="/signin",
        password=PASSWORD,
    )

    assert answer.location == "/oauth/break-glass"
    after = who(app, browser)
    assert after.session == session.session
    assert (after.authenticated_at - session.authenticated_at).total_seconds() >= 0
    assert browser.cookie(COOKIE) != before
    browser.client.set_cookie(COOKIE, before)
    assert who(app, browser) is None


def test_only_the_same_user_can_confirm(app, browser, ada, a_user):
    other = a_user()
    browser.sign_in(ada.name, PASSWORD)
    address = sign_in_address("/account", reauthenticate=True)

    answer = browser.fill(address, action="/signin", name=other.name, password="no")

    assert answer.status_code == 401
    browser.fill(address, action="/signin", name=other.name, password=PASSWORD)
    assert who(app, browser).user.id == ada.id


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser, ada):
    cookies = browser.sign_in(ada.name, PASSWORD).headers.getlist("Set-Cookie")
    ours = next(c for c in cookies if c.startswith(COOKIE))

    assert "HttpOnly" in ours
    assert "SameSite=Lax" in ours
    assert "Path=/" in ours
    assert "Domain" not in ours
    assert len(ours.partition("=")[2].partition(";")[0]) >= 43


def test_over_https_the_cookies_are_secure_and_bound_to_the_host(make_app, ada):
    browser = Browser(make_app(base_url="https://fhir.example/fhir"))
    browser.scheme = "https"
    form = browser.client.get("/signin", base_url="https://localhost")
    assert form.status_code == 200
    cookies = form.headers.getlist("Set-Cookie")

    assert cookies
    assert all(c.startswith("__Host-") and "Secure" in c for c in cookies)


def test_the_token_is_in_the_database_as_a_hash_only(browser, ada, database_url):
    browser.sign_in(ada.name, PASSWORD)
    token = browser.cookie(COOKIE)

    with psycopg.connect(database_url) as connection:
        text = connection.execute(
            "SELECT string_agg(s::text, ' ') FROM access.session s WHERE user_id = %s", (ada.id,)
        ).fetchone()[0]

    assert token not in text
    assert sessions.digest(token).hex() in text


def test_every_change_of_who_may_do_what_lets_the_epoch_grow(database, ada, browser, app):
    browser.sign_in(ada.name, PASSWORD)
    seen = [epoch.current(database)]
    session = who(app, browser).session

    for change in (
        lambda: users.set_roles(database, ada.id, ["nurse"]),
        lambda: users.set_clearances(database, ada.id, ["R"]),
        lambda: users.set_person(database, ada.id, "Ada", "Practitioner/1"),
        lambda: sessions.end(database, session, ada.id),
        lambda: sessions.end_all(database, ada.id),
        lambda: users.set_active(database, ada.id, is_active=False),
    ):
        change()
        seen.append(epoch.current(database))

    assert seen == sorted(set(seen))
