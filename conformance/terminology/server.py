"""A server of its own for a run: an empty PostgreSQL, and the application in this process."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient

from fhirserver import embedded
from fhirserver.app import create_app, open_database
from fhirserver.settings import Settings
from fhirserver.storage.migrate import upgrade
from fhirserver.storage.tokens import issue

# The suite wants to see how a server refuses what is too much for it, and has 2,000 codes.
MOST_CODES = 1000


def client_on(url: str) -> FlaskClient:
    """A client that may do everything, of a server on a migrated database."""
    settings = Settings(database_url=url, max_expansion_codes=MOST_CODES)
    handlers, level = logging.root.handlers[:], logging.root.level
    app = create_app(settings)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    database = open_database(settings)
    token = issue(database, subject="terminology", scope="system/*.cruds", lifetime_seconds=86_400)
    database.close()
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    client.environ_base["HTTP_ACCEPT"] = "application/fhir+json"
    return client


@contextmanager
def server() -> Iterator[FlaskClient]:
    """A server on an empty database that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded.postgres(Path(folder), extra={"fsync": "off"}) as url,
    ):
        upgrade(url)
        client = client_on(url)
        yield client
        client.application.extensions["fhirserver"].context.store.database.close()
