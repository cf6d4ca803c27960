"""Every night: remove the files of binary objects that never came to be."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import current_app, shared_task
from celery.schedules import crontab

from fhirserver.blobs import Blobs
from fhirserver.keys import opening
from fhirserver.objects import open_files
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.keys import KeyTables
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)


@contextmanager
def opened(url: str, settings: Settings) -> Iterator[tuple[Database, Blobs]]:
    """A server's database and objects, for as long as a task takes."""
    database = Database(url)
    try:
        keyring = opening.keyring(settings, KeyTables(database))
        yield database, Blobs(database, keyring, open_files(settings, "blobs"))
    finally:
        database.close()


@shared_task(name="stray_blobs")
def sweep() -> None:
    with opened(current_app.conf[DATABASE_URL], current_app.conf[SETTINGS]) as (_, blobs):
        log.info("stray_blobs", extra={"count": blobs.sweep()})


SCHEDULE.register("stray_blobs")(Periodic("stray_blobs", crontab(hour=3, minute=20)))
