"""Signing in with an account of another server, against a real little one on loopback."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import httpx
import pytest

from conformance.loopback import unused_port
from fhirserver.oauth.signing_in.external_users import link
from fhirserver.oauth.signing_in.provider import Provider
from fhirserver.settings import InvalidSetting, Settings
from fhirserver.storage import users
from tests.oauth.browser import Browser
from tests.oauth.people import PASSWORD
from tests.oauth.test_sign_in import COOKIE, who
from tests.peers.loopback import serving
from tests.peers.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider

CALLBACK = "http://localhost/signin/external/callback"


@pytest.fixture(scope="module")
def running():
    port = unused_port()
    provider = OpenIDProvider(f"http://localhost:{port}", CALLBACK)
    with serving(provider.app, port):
        yield provider


@pytest.fixture
def provider(running):
    running.forget()
    return running


@pytest.fixture(scope="module")
def app(make_app, running):
    return make_app(
        base_url="http://localhost/fhir",
        external_issuer=running.issuer,
        external_client_id=CLIENT_ID,
        external_client_secret=CLIENT_SECRET,
        external_name="Hospital account",
        external_roles="ward doctors=doctor, pharmacy=pharmacist",
    )


_subjects = iter(range(1000))


def person(provider, **claims):
    """Somebody who has an account there."""
    number = f"{next(_subjects)}-{time.time_ns()}"
    provider.claims = {
        "sub": number,
        "preferred_username": f"Grace.{number}",
        "name": "Grace Hopper",
        "groups": ["ward doctors", "skiing"],
        "fhirUser": "http://localhost/fhir/Practitioner/grace",
    } | claims
    return provider.claims


def away(browser, **values):
    """To the other server and back; the answer to the callback."""
    left = browser.fill("/signin", action="/signin/external", **values)
    assert left.status_code == 303, left.text
    there = httpx.get(left.location)
    assert there.status_code == 302
    target = urlsplit(there.headers["Location"])
    return browser.get(f"{target.path}?{target.query}")


def test_who_has_an_account_there_signs_in_here(app, browser, provider, database):
    claims = person(provider)

    answer = away(browser, next="/fhir/metadata")

    assert answer.location == "/fhir/metadata"
    found = who(app, browser)
    assert found.methods == ("external",)
    assert found.user.roles == {"doctor"}
    assert found.user.fhir_user == "Practitioner/grace"
    assert found.display == "Grace Hopper"
    assert users.user_by_id(database, found.user.id).name == claims["preferred_username"].lower()


def test_next_time_it_is_the_same_user_with_the_roles_of_that_day(app, provider):
    claims = person(provider)
    first, second = Browser(app), Browser(app)
    away(first)

    provider.claims = claims | {"groups": ["pharmacy"], "preferred_username": "renamed"}
    away(second)

    assert who(app, second).user.id == who(app, first).user.id
    assert who(app, first).user.roles == {"pharmacist"}


def test_groups_may_come_from_the_user_info(app, browser, provider):
    person(provider, groups=None)
    provider.user_info = {"groups": ["pharmacy"]}

    away(browser)

    assert who(app, browser).user.roles == {"pharmacist"}


def test_odd_characters_in_claims_do_no_harm(browser, provider):
    person(provider, name="Gr\0ace \ud800")

    assert away(browser).status_code == 303

    person(provider, preferred_username="a\0b")
    assert away(Browser(browser.client.application)).status_code == 403


@pytest.mark.parametrize("groups", [7, {"a": 1}, [["ward doctors"]], [None], True], ids=str)
def test_groups_that_are_none_are_no_roles(browser, provider, groups):
    person(provider, groups=groups)

    assert away(browser).status_code == 403


def test_who_is_in_no_group_with_a_role_stays_outside(browser, provider):
    person(provider, groups=["skiing"])

    answer = away(browser)

    assert answer.status_code == 403
    assert browser.cookie(COOKIE) is None


def test_a_name_that_a_user_here_has_is_not_taken_over(app, browser, provider, ada, database):
    claims = person(provider, preferred_username=ada.name)

    answer = away(browser)

    assert answer.status_code == 403
    assert "link" in answer.text
    link(database, ada, provider.issuer, claims["sub"], "Hospital account")
    away(browser)
    assert who(app, browser).user.id == ada.id


def test_a_disabled_user_stays_outside(app, provider, database):
    person(provider)
    first, second = Browser(app), Browser(app)
    away(first)

    users.set_active(database, who(app, first).user.id, is_active=False)

    assert away(second).status_code == 403
    assert second.cookie(COOKIE) is None


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [CLIENT_ID, "another client"]},
        {"azp": "another client"},
        {"nonce": "an old one"},
        {"nonce": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "a\0b"},
        {"sub": "\u00e4"},
        {"sub": "a" * 256},
        {"sub": 7},
        {"iat": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_right_signs_nobody_in(browser, provider, lie):
    person(provider)
    provider.lies = lie

    answer = away(browser)

    assert answer.status_code == 403
    assert browser.cookie(COOKIE) is None


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"stranger": True}], ids=str)
def test_a_token_signed_by_others_or_not_at_all_signs_nobody_in(browser, provider, header):
    person(provider)
    provider.header = header

    assert away(browser).status_code == 403
    assert browser.cookie(COOKIE) is None


@pytest.mark.parametrize("issuer", ["https://evil.example", None], ids=str)
def test_an_answer_of_another_issuer_is_refused(browser, provider, issuer):
    """https://www.rfc-editor.org/rfc/rfc9207"""
    person(provider)
    provider.iss_parameter = issuer

    assert away(browser).status_code == 403


def test_user_info_of_another_user_is_refused(browser, provider):
    person(provider)
    provider.user_info = {"sub": "somebody else"}

    assert away(browser).status_code == 403


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(app, browser, provider):
    person(provider)
    other = Browser(app)
    left = browser.fill("/signin", action="/signin/external")
    target = urlsplit(httpx.get(left.location).headers["Location"])
    callback = f"{target.path}?{target.query}"

    assert other.get(callback).status_code == 403
    assert browser.get(callback).status_code == 303
    assert browser.get(callback).status_code == 403
    assert browser.get("/signin/external/callback?code=a&state=").status_code == 403
    assert browser.get("/signin/external/callback?code=a&state=%FF").status_code == 403


def test_who_changes_their_mind_there_is_told(browser, provider):
    left = browser.fill("/signin", action="/signin/external")
    state = dict(p.split("=") for p in urlsplit(left.location).query.split("&"))["state"]

    answer = browser.get(f"/signin/external/callback?error=access_denied&state={state}")

    assert answer.status_code == 403
    assert "did not sign you in" in answer.text


def test_confirming_who_one_is_is_done_there(app, browser, provider):
    person(provider)
    away(browser)
    before = who(app, browser)

    page = browser.get("/signin?reauthenticate=1&next=/account")
    assert "Sign in with Hospital account" in page.text
    answer = again(browser)

    assert answer.location == "/account"
    assert provider.asked["prompt"] == "login"
    after = who(app, browser)
    assert after.session == before.session
    assert after.authenticated_at > before.authenticated_at


@pytest.mark.parametrize("lie", [{"auth_time": 1_700_000_000}, {"auth_time": None}], ids=str)
def test_an_old_sign_in_there_confirms_nothing(app, browser, provider, lie):
    person(provider)
    away(browser)
    before = who(app, browser)

    provider.lies = lie

    assert again(browser).status_code == 403
    assert who(app, browser).authenticated_at == before.authenticated_at


def test_somebody_else_confirms_nothing(app, browser, provider):
    person(provider)
    away(browser)
    before = who(app, browser)

    person(provider)

    assert again(browser).status_code == 403
    assert who(app, browser) == before


def again(browser):
    left = browser.fill("/signin?reauthenticate=1&next=/account", action="/signin/external")
    target = urlsplit(httpx.get(left.location).headers["Location"])
    return browser.get(f"{target.path}?{target.query}")


def test_a_new_key_there_is_fetched(app, provider):
    person(provider)
    assert away(Browser(app)).status_code == 303
    from tests.peers.openid_provider import _new_key

    # Keys are asked for again at most every half minute: as if that had passed.
    provider.key = _new_key()
    for found in _providers(app):
        found._keys = (found._keys[0] - 60, found._keys[1])

    assert away(Browser(app)).status_code == 303


def _providers(app):
    import gc

    return [o for o in gc.get_objects() if isinstance(o, Provider) and o._keys]


def test_passwords_work_beside_it(browser, ada):
    assert browser.sign_in(ada.name, PASSWORD).status_code == 303


def test_without_an_issuer_there_is_no_such_button(make_app):
    browser = Browser(make_app())

    assert "/signin/external" not in browser.get("/signin").text


@pytest.mark.parametrize(
    "settings",
    [{"external_issuer": "http://login.example"}, {"external_roles": "doctor"}],
    ids=str,
)
def test_a_setting_that_can_not_work_is_told_at_start(make_app, settings):
    with pytest.raises(InvalidSetting):
        make_app(**settings)


def test_the_secret_is_not_shown_in_a_traceback():
    assert "hush" not in repr(Settings(external_client_secret="hush"))
