"""People who sign in: fixtures for the tests of signing in and of attacks on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

import pyotp
import pytest
from flask import Flask

from fhirserver import clock
from fhirserver.oauth.signing_in.passwords import Passwords
from fhirserver.storage import credentials, users
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account
from tests.oauth.browser import Browser, forms

PASSWORD = "three blue horses"
_numbers = count()


@pytest.fixture(scope="session")
def hashed() -> str:
    return Passwords(1).hashed(PASSWORD)


@pytest.fixture
def a_user(database: Database, hashed: str) -> Callable[..., Account]:
    """A new user with the password PASSWORD."""

    def make(name: str = "", **given) -> Account:
        account = users.add(database, name or f"user-{next(_numbers)}-{id(given)}", **given)
        credentials.set_password(database, account.id, hashed)
        return account

    return make


@pytest.fixture
def ada(a_user: Callable[..., Account]) -> Account:
    return a_user(display="Ada Lovelace", roles=["doctor"])


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def seed_in(page: str) -> str:
    return re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")


def code_of(seed: str, *, steps: int = 0) -> str:
    return pyotp.TOTP(seed).generate_otp(int(clock.now().timestamp()) // 30 + steps)


@pytest.fixture
def connected(browser, ada):
    """Ada's seed, and her recovery codes; she is signed in."""
    browser.sign_in(ada.name, PASSWORD)
    page = browser.get("/account/authenticator")
    seed = seed_in(page.text)
    form = next(f for f in forms(page.text) if f.action == "/account/authenticator")
    shown = browser.send(form.action, form.hidden | {"code": code_of(seed, steps=-1)})
    assert shown.status_code == 200
    return seed, re.findall(r"<li>([a-z2-7-]+)</li>", shown.text)
