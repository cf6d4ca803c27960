"""Every few seconds: the DICOM JSON models of instances that came without one.

Associations are answered before anybody makes them. Who asks for metadata first makes what is
missing, too; this is so that nobody has to.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from celery import current_app, shared_task

from dicom_gateway.rendering.models import model
from fhirserver.app import open_database
from fhirserver.errors import FhirError
from fhirserver.instances import Instances, open_instances
from fhirserver.tasks import SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)

_AT_ONCE: Final = 200
_MOST: Final = 5_000
"""How many one run makes: others have to be looked after, too."""


@shared_task(name="dicom_missing_models")
def make() -> None:
    settings = current_app.conf[SETTINGS]
    database = open_database(settings)
    try:
        make_missing(open_instances(settings, database))
    finally:
        database.close()


def make_missing(instances: Instances) -> int:
    """Make what is missing; how many. What can't be made doesn't keep the rest from it."""
    count, failed = 0, 0
    # The oldest come first: those that have failed are passed over.
    while rows := instances.without_metadata(failed + _AT_ONCE)[failed:]:
        made = {}
        for row in rows:
            try:
                made[row.uid] = (row, model(instances, row))
            except FhirError as error:
                log.warning(
                    "dicom_model_failed",
                    extra={"instance": row.number, "error": type(error).__name__},
                )
        done = instances.fill(made)
        count += done
        failed += len(rows) - done
        if count + failed >= _MOST:
            break
    return count


SCHEDULE.register("dicom_missing_models")(Periodic("dicom_missing_models", timedelta(seconds=10)))
