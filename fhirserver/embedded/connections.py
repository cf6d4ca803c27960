"""Where PostgreSQL and the broker are: the external ones, or the embedded ones that run."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator

from fhirserver.embedded.failures import CannotStart
from fhirserver.embedded.folders import prepare
from fhirserver.embedded.lock import exclusive
from fhirserver.embedded.postgresql import PostgreSQL
from fhirserver.embedded.valkey import Valkey
from fhirserver.settings import Settings


def connection_url(settings: Settings) -> str:
    """The URL of the database: the setting, or the embedded PostgreSQL of the data directory.

    Raises CannotStart when that isn't running.
    """
    if settings.database_url:
        return settings.database_url
    if url := PostgreSQL(_readable(settings).data_dir).url():
        return url
    raise CannotStart(f"PostgreSQL isn't running: {_advice(settings)}")


def broker_url(settings: Settings) -> str:
    """The URL of Celery's broker: the setting, or the embedded Valkey of the data directory.

    Raises CannotStart when that isn't running.
    """
    if settings.broker_url:
        return settings.broker_url
    if url := Valkey(_readable(settings).data_dir).url():
        return url
    raise CannotStart(f"Valkey isn't running: {_advice(settings)}")


@contextlib.contextmanager
def services(settings: Settings) -> Iterator[Settings]:
    """The settings with a database that works, for a command that needs no more than that.

    The embedded PostgreSQL is started for the length of the block when it isn't running.
    """
    if settings.database_url:
        yield settings
        return
    server = PostgreSQL(prepare(settings.data_dir))
    if url := server.url():
        yield dataclasses.replace(settings, database_url=url)
        return
    with exclusive(server.data_dir, "a fhirserver command"):
        child = server.start()
        try:
            yield dataclasses.replace(settings, database_url=server.url())
        finally:
            server.stop(child)


def _readable(settings: Settings) -> Settings:
    path = settings.data_dir.expanduser().absolute()
    if path.exists() and not os.access(path, os.R_OK | os.X_OK):
        raise CannotStart(f"can't read the data directory {path}: run as the user who made it")
    return dataclasses.replace(settings, data_dir=path.resolve())


def _advice(settings: Settings) -> str:
    path = settings.data_dir.expanduser().absolute()
    return f"start it with `fhirserver up --data-dir {path}`, or choose another --data-dir"
