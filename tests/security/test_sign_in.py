"""Attacks on signing in. OWASP ASVS 5.0, chapters 6 and 7."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from argon2 import PasswordHasher

from fhirserver import clock, ids
from fhirserver.storage import sessions, tokens, users
from fhirserver.storage.grants import Family, add_token, new_secret, start_family
from tests.oauth.browser import Browser, forms
from tests.oauth.people import PASSWORD, code_of
from tests.oauth.test_sign_in import COOKIE, who
from tests.pace import least

_numbers = iter(range(10, 250))


@pytest.fixture
def address():
    """A network address that no other test uses."""
    return f"127.9.9.{next(_numbers)}"


@pytest.fixture
def hashes(monkeypatch):
    """Every check of a password against a hash."""
    made = []
    verify = PasswordHasher.verify

    def counted(self, stored, password):
        made.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return made


def told(answer) -> tuple[int, str]:
    """What a page says, without the token of its form and what was typed."""
    text = re.sub(r'name="csrf_token" value="[^"]*"|data-csrf="[^"]*"', "", answer.text)
    return answer.status_code, re.sub(r'name="name" value="[^"]*"', "", text)


def test_099_guessing_a_password_ends_after_some_attempts(app, ada, address):
    browser = Browser(app, address)
    for number in range(10):
        assert browser.sign_in(ada.name, f"guess {number}").status_code == 401

    assert browser.sign_in(ada.name, PASSWORD).status_code == 401
    assert Browser(app, "127.9.9.1").sign_in(ada.name, PASSWORD).status_code == 401


def test_099_the_pause_holds_for_all_web_processes(app, make_app, ada, address):
    first, second = Browser(app, address), Browser(make_app(), address)
    for number in range(5):
        first.sign_in(ada.name, f"guess {number}")
        second.sign_in(ada.name, f"guess {number}")

    assert first.sign_in(ada.name, PASSWORD).status_code == 401


def test_099_a_pause_is_over_at_last(app, ada, address, database_url):
    browser = Browser(app, address)
    for number in range(11):
        browser.sign_in(ada.name, f"guess {number}")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE access.attempt SET expires = now()")

    assert browser.sign_in(ada.name, PASSWORD).status_code == 303


def test_099_many_guesses_at_once_are_counted_as_many(app, ada, address, hashes, at_once):
    browsers = [Browser(app, address) for _ in range(16)]
    for browser in browsers:
        browser.get("/signin")

    at_once(lambda b: b.sign_in(ada.name, "a guess"), browsers)

    assert len(hashes) == 10


def test_099_one_password_for_many_names_ends_after_some_attempts(make_app, a_user, address):
    app = make_app(sign_in_attempts_per_address=20)
    guesser = Browser(app, address)
    for _ in range(20):
        guesser.sign_in(ids.new(), PASSWORD)
    victim = a_user()

    assert guesser.sign_in(victim.name, PASSWORD).status_code == 401
    assert Browser(app, "127.9.9.2").sign_in(victim.name, PASSWORD).status_code == 303


def test_099_ones_own_account_does_not_buy_more_guesses(make_app, a_user, address):
    app = make_app(sign_in_attempts_per_address=20)
    guesser, own, victim = Browser(app, address), a_user(), a_user()
    for _ in range(10):
        guesser.sign_in(ids.new(), "a guess")
        guesser.sign_in(ids.new(), "a guess")
        Browser(app, address).sign_in(own.name, PASSWORD)

    assert guesser.sign_in(victim.name, PASSWORD).status_code == 401


def test_099_nothing_tells_whether_a_user_exists(app, a_user, database, address):
    disabled, known, paused = a_user(), a_user(), a_user()
    users.set_active(database, disabled.id, is_active=False)
    guesser = Browser(app, address)
    for _ in range(11):
        last = guesser.sign_in(paused.name, "a guess")
    for _ in range(11):
        paused_nobody = guesser.sign_in("nobody of that name", "a guess")

    answers = {
        told(last),
        told(paused_nobody),
        told(guesser.sign_in(known.name, "a guess")),
        told(guesser.sign_in(ids.new(), "a guess")),
        told(guesser.sign_in(disabled.name, "a guess")),
        told(guesser.sign_in(disabled.name, PASSWORD)),
        told(guesser.sign_in("a\0b", "a guess")),
    }

    assert len(answers) == 1


def test_099_a_name_that_nobody_has_takes_as_long(app, a_user, hashes, address):
    guesser = Browser(app, address)
    names = {"known": [a_user().name for _ in range(4)], "unknown": [ids.new() for _ in range(4)]}

    # This thread's work: what else the machine does would be on the clock.
    times = {
        kind: min(least(partial(guesser.sign_in, name, "a guess"), times=1) for name in some)
        for kind, some in names.items()
    }

    assert len(hashes) == 8, "a hash each"
    assert len({h.rpartition("$")[0].rpartition("$")[0] for h in hashes}) == 1, "of the same cost"
    assert 0.4 < times["unknown"] / times["known"] < 2.5


def test_099_a_one_time_password_is_good_once(app, ada, connected, at_once):
    browsers = [Browser(app) for _ in range(3)]
    for browser in browsers:
        browser.sign_in(ada.name, PASSWORD)
    code = code_of(connected[0])

    at_once(lambda b: b.fill("/signin/second", code=code), browsers)

    assert sum(b.cookie(COOKIE) is not None for b in browsers) == 1


def test_099_an_earlier_one_time_password_is_not_good_after_a_later_one(app, ada, connected):
    first, second = Browser(app), Browser(app)
    for browser in (first, second):
        browser.sign_in(ada.name, PASSWORD)
    earlier, later = code_of(connected[0]), code_of(connected[0], steps=1)

    assert first.fill("/signin/second", code=later).status_code == 303
    assert second.fill("/signin/second", code=earlier).status_code == 401


def test_099_guessing_one_time_passwords_ends_after_some_attempts(app, ada, connected):
    browser = Browser(app)
    browser.sign_in(ada.name, PASSWORD)
    for number in range(5):
        browser.fill("/signin/second", code=f"{number:06}")

    assert browser.fill("/signin/second", code=code_of(connected[0])).status_code == 401
    again = Browser(app)
    again.sign_in(ada.name, PASSWORD)
    assert again.fill("/signin/second", recovery_code=connected[1][0]).status_code == 401


def test_099_the_step_after_the_password_is_worth_nothing_by_itself(app, ada, connected):
    browser = Browser(app)
    browser.sign_in(ada.name, PASSWORD)
    step = browser.cookie("fhirserver-step")

    browser.client.set_cookie(COOKIE, step)

    assert who(app, browser) is None
    assert browser.get("/account").location.startswith("/signin")


def test_099_a_session_of_the_attackers_making_is_not_taken_over(app, browser, ada):
    planted = "A" * 43
    browser.client.set_cookie(COOKIE, planted)

    browser.sign_in(ada.name, PASSWORD)

    assert browser.cookie(COOKIE) != planted
    browser.client.set_cookie(COOKIE, planted)
    assert who(app, browser) is None


def test_099_signing_in_over_an_attackers_session_ends_it(app, browser, ada, a_user):
    other = a_user()
    browser.sign_in(other.name, PASSWORD)
    planted = browser.cookie(COOKIE)
    form = forms(browser.get("/signin?reauthenticate=1").text)[-1].hidden
    form.pop("reauthenticate")

    browser.send("/signin", form | {"name": ada.name, "password": PASSWORD})

    assert who(app, browser).user.id == ada.id
    browser.client.set_cookie(COOKIE, planted)
    assert who(app, browser) is None


def test_099_a_form_of_before_signing_in_counts_no_more(browser, ada):
    before = forms(browser.get("/signin").text)[0].hidden["csrf_token"]
    browser.sign_in(ada.name, PASSWORD)

    answer = browser.send("/account/sessions/end-others", {"csrf_token": before})

    assert answer.status_code == 400


# Endpoints that authenticate by a secret in the request, not by a cookie; and the one where an app
# asks by POST, which decides nothing: its user does, with a form that has a token.
NO_FORMS = re.compile(
    r"/oauth/(token|introspect|revoke|register|launch|authorize)\b.*|/apps/launch"
    r"|/(fhir|admin|cds-services|hl7v2|dicom|dicom-web)\b.*"
)


def test_099_every_form_needs_its_token(app, browser, ada):
    browser.sign_in(ada.name, PASSWORD)
    open_doors = []

    for rule in app.url_map.iter_rules():
        if not (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            continue
        if NO_FORMS.fullmatch(rule.rule):
            continue
        address = re.sub(r"<[^>]*>", "1", rule.rule)
        for sent in ({}, {"csrf_token": "IjEi.forged"}):
            answer = browser.send(address, sent)
            if answer.status_code != 400 or "form" not in answer.text:
                open_doors.append((address, answer.status_code))

    assert open_doors == []
    assert who(app, browser) is not None


def test_099_endpoints_of_the_protocol_take_no_cookie(app, browser, ada):
    """Were a cookie enough, they would need the tokens of forms, too."""
    browser.sign_in(ada.name, PASSWORD)

    for address in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
        assert browser.send(address, {"token": "a"}).status_code in {400, 401}
    assert browser.send("/oauth/launch", {}).status_code in {400, 401, 403}
    assert browser.get("/fhir/Patient").status_code == 401
    assert browser.send("/admin/users", {}).status_code == 401
    assert browser.get("/admin/users").status_code == 401
    assert browser.send("/dicom-web/studies", {}).status_code == 401
    assert browser.get("/dicom-web/studies").status_code == 401
    assert browser.send("/cds-services/medication-list-check", {}).status_code == 401


def test_099_a_session_of_before_a_new_password_is_over(app, browser, ada, database, database_url):
    thief = Browser(app)
    thief.sign_in(ada.name, PASSWORD)
    browser.sign_in(ada.name, PASSWORD)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO access.client (id, name, kind, grant_types, scope) "
            "VALUES ('thiefs', 'An app', 'public', '{}', '') ON CONFLICT DO NOTHING"
        )
    stolen = {
        is_offline: a_token(database, ada, who(app, thief).session, is_offline=is_offline)
        for is_offline in (False, True)
    }
    own = a_token(database, ada, who(app, browser).session, is_offline=True)

    browser.fill(
        "/account",
        action="/account/password",
        current_password=PASSWORD,
        new_password="seven green foxes",
        repeated_password="seven green foxes",
    )

    assert who(app, thief) is None
    assert thief.get("/account").status_code == 303
    assert [tokens.caller(database, t) for t in stolen.values()] == [None, None]
    assert tokens.caller(database, own) is not None


def a_token(database, user, session, *, is_offline):
    """A token of an app that was allowed in a session."""
    family = Family(
        subject=user.id,
        scope="user/*.rs",
        expires=clock.now() + timedelta(hours=1),
        client="thiefs",
        user=user.id,
        session=session,
        is_offline=is_offline,
    )
    token = new_secret()
    with database.transaction() as connection:
        add_token(connection, token, start_family(connection, family), "access", family.scope, 3600)
    assert tokens.caller(database, token) is not None
    return token


def test_099_changing_the_password_needs_the_old_one_and_is_limited(app, ada, browser):
    browser.sign_in(ada.name, PASSWORD)
    given = {"new_password": "seven green foxes", "repeated_password": "seven green foxes"}
    for number in range(10):
        browser.fill("/account", action="/account/password", current_password=f"{number}", **given)

    answer = browser.fill(
        "/account", action="/account/password", current_password=PASSWORD, **given
    )

    assert answer.status_code == 422


def test_099_tokens_of_sessions_can_not_be_guessed(database, ada):
    made = {sessions.start(database, ada.id, ["password"]) for _ in range(50)}

    assert len(made) == 50
    assert min(len(t) for t in made) >= 43, "256 bits"


PAGES = ("/signin", "/signout", "/account", "/account/authenticator", "/signin?reauthenticate=1")


def test_100_no_page_can_be_framed(app, browser, ada):
    browser.sign_in(ada.name, PASSWORD)
    loose = []

    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/fhir"):
            continue
        answer = browser.get(re.sub(r"<[^>]*>", "1", rule.rule))
        if not (answer.content_type or "").startswith("text/html"):
            continue
        policy = answer.headers.get("Content-Security-Policy", "")
        if (
            "frame-ancestors 'none'" not in policy
            or answer.headers.get("X-Frame-Options") != "DENY"
        ):
            loose.append(rule.rule)

    assert loose == []


def test_100_only_known_records_frame_our_pages_and_then_cookies_are_kept_apart(make_app, ada):
    app = make_app(base_url="https://localhost/fhir", frame_origins="https://ehr.example")
    browser = Browser(app)
    browser.scheme = "https"
    page = browser.get("/signin")
    form = forms(page.text)[0]
    done = browser.client.post(
        "/signin",
        data=form.hidden | {"name": ada.name, "password": PASSWORD},
        base_url="https://localhost",
        headers={"Referer": "https://localhost/signin"},
    )

    assert "frame-ancestors https://ehr.example" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert done.status_code == 303
    cookies = page.headers.getlist("Set-Cookie") + done.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-fhirserver-")
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= set(cookie.split("; "))


def test_116_signing_in_believes_no_header_about_where_it_is(browser, ada):
    lies = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "host=evil.example",
    }
    form = forms(browser.get("/signin").text)[0]

    answer = browser.client.post(
        "/signin",
        data=form.hidden | {"name": ada.name, "password": PASSWORD},
        base_url="http://evil.example",
        headers=lies,
    )

    assert "evil" not in answer.headers.get("Location", "")
    assert "evil" not in answer.text


def test_116_another_address_in_a_header_does_not_escape_the_pause(make_app, address):
    app = make_app(sign_in_attempts_per_address=5)
    guesser = Browser(app, address)
    for number in range(6):
        form = forms(guesser.get("/signin").text)[0]
        guesser.client.post(
            "/signin",
            data=form.hidden | {"name": ids.new(), "password": "a guess"},
            base_url="http://localhost",
            headers={"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"},
        )
    with psycopg.connect(app.extensions["fhirserver"].context.store.database.url) as connection:
        import hashlib

        key = hashlib.sha256(f"address {address}".encode()).digest()
        row = connection.execute("SELECT count FROM access.attempt WHERE key = %s", (key,))
        assert row.fetchone() == (6,)


@pytest.mark.parametrize("page", PAGES)
def test_116_pages_are_not_kept_by_caches(browser, ada, page):
    browser.sign_in(ada.name, PASSWORD)

    assert browser.get(page).headers["Cache-Control"] == "no-store"


def test_116_no_password_in_an_address(browser, ada):
    answer = browser.get(f"/signin?name={ada.name}&password={PASSWORD}")

    assert answer.status_code == 400
    assert PASSWORD not in answer.text


def test_116_a_page_never_echoes_what_is_typed_as_markup(browser):
    nasty = "\"><script>alert(1)</script>'"

    answer = browser.sign_in(nasty, "a guess")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text
