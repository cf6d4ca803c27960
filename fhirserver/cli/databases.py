"""The database that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fhirserver import embedded
from fhirserver.app import open_database
from fhirserver.settings import Settings
from fhirserver.storage import migrate
from fhirserver.storage.database import Database


@contextmanager
def migrated_database(settings: Settings) -> Iterator[tuple[Settings, Database]]:
    """The database that the settings name, brought up to date; the embedded one is started.

    With it the settings as they are then: with the addresses of what was started.
    """
    with embedded.services(settings) as served:
        assert served.database_url is not None
        migrate.upgrade(served.database_url)
        database = open_database(served)
        try:
            yield served, database
        finally:
            database.close()
