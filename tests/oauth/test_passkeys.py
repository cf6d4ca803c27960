"""What passkeys.js asks, by those who ask something else."""

from __future__ import annotations

import pytest

from tests.oauth.browser import Browser, forms
from tests.oauth.people import PASSWORD
from tests.oauth.test_sign_in import COOKIE


@pytest.fixture
def app(make_app):
    return make_app(base_url="http://localhost/fhir")


@pytest.fixture
def browser(app):
    return Browser(app)


def ask(browser, address, sent, page="/signin"):
    token = forms(browser.get(page).text)[0].hidden["csrf_token"]
    return browser.client.post(
        address, json=sent, headers={"X-CSRFToken": token}, base_url="http://localhost"
    )


RESPONSE = {
    "clientDataJSON": "e30",
    "authenticatorData": "AAAA",
    "signature": "AAAA",
    "userHandle": None,
    "attestationObject": "oA",
}
CREDENTIALS = [
    {},
    {"id": "AAAA"},
    {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": RESPONSE},
    {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}},
    {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": None},
    {"id": "AAAA", "rawId": "!!", "type": "public-key", "response": RESPONSE},
    {"id": 7, "rawId": 7, "type": 7, "response": 7},
    {"id": "a\0b", "rawId": "AAAA", "type": "public-key", "response": RESPONSE},
    None,
    [],
    "text",
]


@pytest.mark.parametrize("credential", CREDENTIALS, ids=str)
def test_an_answer_that_is_none_signs_nobody_in(browser, credential):
    state = ask(browser, "/signin/passkey/options", {}).json["state"]

    answer = ask(browser, "/signin/passkey", {"state": state, "credential": credential})

    assert answer.status_code == 400
    assert answer.json["problem"]
    assert browser.cookie(COOKIE) is None


@pytest.mark.parametrize("credential", CREDENTIALS, ids=str)
def test_an_answer_that_is_none_adds_no_passkey(browser, ada, credential):
    browser.sign_in(ada.name, PASSWORD)
    state = ask(browser, "/account/passkeys/options", {}, "/account").json["state"]

    answer = ask(
        browser, "/account/passkeys", {"state": state, "credential": credential}, "/account"
    )

    assert answer.status_code == 400
    assert answer.json["problem"]


@pytest.mark.parametrize("sent", [None, [], "text", {"state": "a\0b", "credential": {"id": "A"}}])
def test_other_json_is_refused(browser, sent):
    assert ask(browser, "/signin/passkey", sent).status_code == 400


def test_a_challenge_is_good_once(browser):
    state = ask(browser, "/signin/passkey/options", {}).json["state"]
    sent = {"state": state, "credential": CREDENTIALS[2]}

    assert ask(browser, "/signin/passkey", sent).status_code == 400
    assert ask(browser, "/signin/passkey", sent).status_code == 400


def test_nobody_adds_a_passkey_without_being_signed_in(browser):
    for address in ("/account/passkeys/options", "/account/passkeys"):
        answer = ask(browser, address, {})
        assert answer.json == {"location": "/signin?next=%2Faccount&reauthenticate=1"}


def test_on_a_bare_ip_address_there_are_no_passkeys(make_app):
    browser = Browser(make_app(base_url="http://127.0.0.1:8000/fhir"))

    assert "passkey" not in browser.get("/signin").text
    assert ask(browser, "/signin/passkey/options", {}).status_code == 400


def test_what_is_asked_for_is_a_verified_user_of_this_host(browser, ada):
    signing_in = ask(browser, "/signin/passkey/options", {}).json["options"]
    browser.sign_in(ada.name, PASSWORD)
    adding = ask(browser, "/account/passkeys/options", {}, "/account").json["options"]

    assert signing_in["rpId"] == adding["rp"]["id"] == "localhost"
    assert signing_in["userVerification"] == "required"
    assert adding["authenticatorSelection"]["userVerification"] == "required"
    assert adding["authenticatorSelection"]["residentKey"] == "required"
    assert signing_in["allowCredentials"] == [], "it tells nobody who has passkeys"
