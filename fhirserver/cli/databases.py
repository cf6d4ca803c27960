"""The database that a command works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import click

from fhirserver import embedded
from fhirserver.app import open_database
from fhirserver.audit.commands import record_command
from fhirserver.errors import FhirError
from fhirserver.search.site import site_of
from fhirserver.settings import Settings
from fhirserver.storage import migrate
from fhirserver.storage.database import Database

Open = Callable[[Settings], AbstractContextManager[tuple[Settings, Database]]]
"""One of the following."""


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


@contextmanager
def recorded_database(settings: Settings, about: str = "") -> Iterator[tuple[Settings, Database]]:
    """The same for a command that changes who may do what.

    That it was called, and what it is `about`, is on record before it begins; and again if nothing
    came of it.
    """
    with migrated_database(settings) as (served, database):
        site, name = site_of(served), " ".join(_command().split()[1:])
        record_command(database, site, name, about)
        try:
            yield served, database
        except FhirError as error:
            record_command(database, site, name, about, reason=f"{error.status} {error.code}")
            raise


def _command() -> str:
    return click.get_current_context().command_path
