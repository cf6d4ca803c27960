"""Every few minutes: studies that changed and that nobody has taken on, whatever the reason.

Each change puts its study into the queue, so there is nothing left as a rule: it is for a queue
that somebody has cleared, or a database that was restored without it.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from celery import current_app, shared_task

from dicom_gateway.operating.combining import Outdated
from dicom_gateway.operating.in_step import InStep
from dicom_gateway.operating.opening import open_in_step
from fhirserver.app import open_database, open_engine
from fhirserver.errors import FhirError
from fhirserver.tasks import SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)

LEFT_SECONDS: Final = 300.0


@shared_task(name="dicom_left_studies")
def look_after() -> None:
    settings = current_app.conf[SETTINGS]
    database = open_database(settings)
    try:
        keep_left(open_in_step(open_engine(settings, database)))
    finally:
        database.close()


def keep_left(in_step: InStep, seconds: float = LEFT_SECONDS) -> int:
    """Store what has been left for so long; how many studies."""
    count = 0
    for changed in in_step.instances.quiet(seconds):
        try:
            in_step.keep(changed.study)
        except (FhirError, Outdated) as error:
            log.warning("dicom_study_left", extra={"why": type(error).__name__})
            continue
        in_step.instances.settle(changed.study, changed.changes)
        count += 1
    return count


SCHEDULE.register("dicom_left_studies")(Periodic("dicom_left_studies", timedelta(minutes=5)))
