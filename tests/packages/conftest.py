"""What is installed would change what other tests see: these have a database to themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.storage.conftest import own_app, own_client, own_url

__all__ = ["own_app", "own_client", "own_url"]


@pytest.fixture
def app(own_app: Flask) -> Flask:
    return own_app


@pytest.fixture
def client_of_app(own_app: Flask, own_client: FlaskClient) -> Callable[[], FlaskClient]:
    """Clients for threads of their own."""

    def make() -> FlaskClient:
        made = own_app.test_client()
        made.environ_base.update(own_client.environ_base)
        return made

    return make


@pytest.fixture
def client(own_client: FlaskClient) -> FlaskClient:
    return own_client
