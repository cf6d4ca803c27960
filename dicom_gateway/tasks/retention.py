"""Every night: remove the DICOM studies whose time is over, and what crashes have left of files."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from celery import current_app, shared_task
from celery.schedules import crontab

from fhirserver import clock
from fhirserver.app import open_database
from fhirserver.audit.removing import record_removal
from fhirserver.instances import Instances, Swept, open_instances
from fhirserver.search.site import site_of
from fhirserver.settings import Settings
from fhirserver.tasks import SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)

COMMITMENTS_KEPT: Final = timedelta(days=90)
"""So long it is known what was answered to questions of storage commitment."""


@shared_task(name="dicom_retention")
def remove_studies() -> None:
    settings = current_app.conf[SETTINGS]
    database = open_database(settings)
    try:
        instances = open_instances(settings, database)
        count = remove_old(instances, settings)
        if count:
            log.warning("dicom_studies_removed", extra={"count": count})
        instances.forget_commitments(clock.now() - COMMITMENTS_KEPT)
        sweep(instances)
    finally:
        database.close()


def remove_old(instances: Instances, settings: Settings) -> int:
    """Remove studies that haven't changed for longer than the site keeps them; how many."""
    if settings.dicom_retention_days <= 0:
        return 0
    before = clock.now() - timedelta(days=settings.dicom_retention_days)
    site = site_of(settings)
    count = 0
    while some := instances.unchanged_since(before):
        for study in some:
            touched = (("ImagingStudy", study.imaging_study, None),) if study.imaging_study else ()
            patients = (study.patient,) if study.patient else ()
            record_removal(
                instances.database, site, "dicom-retention", touched, patients, study.uid
            )
            count += instances.delete(study.uid, with_promised=True) is not None
    return count


def sweep(instances: Instances) -> Swept:
    """Remove files that nobody will ever read; tell of those that are missing."""
    swept = instances.sweep()
    log.info("dicom_files_swept", extra={"count": swept.removed})
    for object_ in swept.missing:
        log.error("dicom_file_missing", extra={"object": str(object_)})
    return swept


SCHEDULE.register("dicom_retention")(Periodic("dicom_retention", crontab(hour="4", minute="10")))
