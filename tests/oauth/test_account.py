"""The page /account."""

from __future__ import annotations

import re

import pytest

from tests.oauth.browser import Browser
from tests.oauth.people import PASSWORD
from tests.oauth.test_sign_in import COOKIE, who

NEW = "seven green foxes"


def change(browser, **values):
    given = {"current_password": PASSWORD, "new_password": NEW, "repeated_password": NEW} | values
    return browser.fill("/account", action="/account/password", **given)


def test_the_page_is_for_who_is_signed_in(browser):
    assert browser.get("/account").location == "/signin?next=%2Faccount"


def test_a_changed_password_ends_the_other_sessions(app, browser, ada):
    other = Browser(app)
    browser.sign_in(ada.name, PASSWORD)
    other.sign_in(ada.name, PASSWORD)

    answer = change(browser)

    assert answer.status_code == 303
    assert who(app, browser).user.id == ada.id
    assert who(app, other) is None
    assert Browser(app).sign_in(ada.name, PASSWORD).status_code == 401
    assert Browser(app).sign_in(ada.name, NEW).status_code == 303


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"current_password": "wrong"}, "current password is not right"),
        ({"repeated_password": "other"}, "typed in two ways"),
        ({"new_password": "short", "repeated_password": "short"}, "at least 8 characters"),
        ({"new_password": "iloveyou", "repeated_password": "iloveyou"}, "tried first"),
        ({"new_password": "IloveYou", "repeated_password": "IloveYou"}, "tried first"),
        ({"new_password": "a1" * 65, "repeated_password": "a1" * 65}, "at most 128 characters"),
        ({"new_password": "ab" * 8, "repeated_password": "ab" * 8}, "easy to guess"),
        ({"new_password": "lovelace1815!", "repeated_password": "lovelace1815!"}, None),
    ],
)
def test_the_rules_for_a_new_password_are_told(browser, ada, values, told):
    browser.sign_in(ada.name, PASSWORD)

    answer = change(browser, **values)

    assert answer.status_code == (422 if told else 303)
    assert told is None or told in answer.text


def test_a_long_password_of_any_characters_is_taken(app, browser, ada):
    browser.sign_in(ada.name, PASSWORD)
    password = "ü 漢字 " * 20

    assert change(browser, new_password=password, repeated_password=password).status_code == 303
    assert Browser(app).sign_in(ada.name, password).status_code == 303


def test_sessions_are_listed_and_can_be_ended(app, browser, ada):
    other = Browser(app, address="127.0.0.9")
    browser.sign_in(ada.name, PASSWORD)
    other.sign_in(ada.name, PASSWORD)
    page = browser.get("/account").text

    assert page.count("<time") == 2
    assert "127.0.0.9" in page
    browser.fill("/account", action="/account/sessions/end")
    assert who(app, other) is None
    assert who(app, browser) is not None


def test_all_other_sessions_end_at_once(app, browser, ada):
    others = [Browser(app) for _ in range(3)]
    for each in (browser, *others):
        each.sign_in(ada.name, PASSWORD)

    browser.fill("/account", action="/account/sessions/end-others")

    assert [who(app, other) for other in others] == [None] * 3
    assert who(app, browser) is not None


def test_nobody_ends_the_sessions_of_another(app, browser, ada, a_user):
    other, stranger = a_user(), Browser(app)
    stranger.sign_in(other.name, PASSWORD)
    theirs = who(app, stranger).session
    browser.sign_in(ada.name, PASSWORD)
    Browser(app).sign_in(ada.name, PASSWORD)

    browser.fill("/account", action="/account/sessions/end", id=theirs)

    assert who(app, stranger) is not None


def test_a_session_shows_neither_its_token_nor_its_hash(browser, ada):
    browser.sign_in(ada.name, PASSWORD)

    assert browser.cookie(COOKIE) not in browser.get("/account").text


def test_a_page_forbids_scripts_of_others_and_framing(browser, ada):
    browser.sign_in(ada.name, PASSWORD)

    for address in ("/account", "/signin?reauthenticate=1", "/signout", "/account/authenticator"):
        headers = browser.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", browser.get(address).text)
