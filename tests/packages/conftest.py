"""What is installed would change what other tests see: these have a database to themselves."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.storage.conftest import own_app, own_client, own_url

__all__ = ["own_app", "own_client", "own_url"]


@pytest.fixture
def app(own_app: Flask) -> Flask:
    return own_app


@pytest.fixture
def client(own_client: FlaskClient) -> FlaskClient:
    return own_client
