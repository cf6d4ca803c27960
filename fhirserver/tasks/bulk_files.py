"""Every few minutes: remove the files of exports and imports whose time is over."""

from __future__ import annotations

from datetime import timedelta

from celery import current_app, shared_task

from fhirserver.bulk.clearing import clear
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic
from fhirserver.tasks.stray_blobs import opened


@shared_task(name="bulk_files")
def remove() -> None:
    with opened(current_app.conf[DATABASE_URL], current_app.conf[SETTINGS]) as (database, blobs):
        while clear(database, blobs):
            pass


SCHEDULE.register("bulk_files")(Periodic("bulk_files", timedelta(minutes=5)))
