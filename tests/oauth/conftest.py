"""People who sign in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from flask import Flask

from fhirserver.oauth.signing_in.passwords import Passwords
from fhirserver.storage import credentials, users
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account
from tests.oauth.browser import Browser

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
