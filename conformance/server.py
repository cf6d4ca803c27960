"""The server of a suite: an empty PostgreSQL, and the application in this process."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from fhirserver import embedded
from fhirserver.app import create_app, open_database
from fhirserver.settings import Settings
from fhirserver.storage.migrate import upgrade
from fhirserver.storage.tokens import issue

BASE = "http://127.0.0.1:8000/fhir"


def client_on(url: str, **settings: Any) -> FlaskClient:
    """A client that may do everything, of a server on a migrated database."""
    chosen = Settings(database_url=url, **settings)
    handlers, level = logging.root.handlers[:], logging.root.level
    app = create_app(chosen)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    database = open_database(chosen)
    token = issue(database, subject="suite", scope="system/*.cruds", lifetime_seconds=86_400)
    database.close()
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    client.environ_base["HTTP_ACCEPT"] = "application/fhir+json"
    return client


@contextmanager
def empty_database() -> Iterator[str]:
    """The address of a migrated database that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded.postgres(Path(folder), extra={"fsync": "off"}) as url,
    ):
        upgrade(url)
        yield url


def close(client: FlaskClient) -> None:
    """Let go of the connections of a client's server."""
    client.application.extensions["fhirserver"].context.store.database.close()


@contextmanager
def server(**settings: Any) -> Iterator[FlaskClient]:
    """A client of a server on an empty database, gone afterwards."""
    with empty_database() as url:
        client = client_on(url, **settings)
        yield client
        close(client)
