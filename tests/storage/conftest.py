"""Tests that count what is found have a database to themselves."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import app
from fhirserver.settings import Settings
from fhirserver.storage.tokens import issue
from tests.databases import a_database


@pytest.fixture(scope="module")
def own_url(database_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database that no other test module uses."""
    name = request.module.__name__.rpartition(".")[2]
    with a_database(database_url, name) as url:
        yield url


@pytest.fixture(scope="module")
def own_app(own_url: str) -> Iterator[Flask]:
    handlers, level = logging.root.handlers[:], logging.root.level
    made = app.create_app(Settings(database_url=own_url))
    # The tests' own logging handlers stay.
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    yield made
    # The database goes away; whoever still wrote would find none for the rest of the run.
    made.extensions["fhirserver.audit"].buffer.end()
    made.extensions["fhirserver"].context.store.database.close()


@pytest.fixture(scope="module")
def own_client(own_app: Flask) -> FlaskClient:
    """A client of a server on it, that may do everything."""
    database = own_app.extensions["fhirserver"].context.store.database
    token = issue(database, subject="test", scope="system/*.cruds", lifetime_seconds=86_400)
    client = own_app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
