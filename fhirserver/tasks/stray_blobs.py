"""Every night: remove the files of binary objects that never came to be."""

from __future__ import annotations

import logging

from celery import current_app, shared_task
from celery.schedules import crontab

from fhirserver.blobs import Blobs
from fhirserver.keys import opening
from fhirserver.storage.database import Database
from fhirserver.storage.keys import KeyTables
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)


@shared_task(name="stray_blobs")
def sweep() -> None:
    settings = current_app.conf[SETTINGS]
    database = Database(current_app.conf[DATABASE_URL])
    try:
        keyring = opening.keyring(settings, KeyTables(database))
        blobs = Blobs(database, keyring, settings.blob_dir or settings.data_dir / "blobs")
        log.info("stray_blobs", extra={"count": blobs.sweep()})
    finally:
        database.close()


SCHEDULE.register("stray_blobs")(Periodic("stray_blobs", crontab(hour=3, minute=20)))
