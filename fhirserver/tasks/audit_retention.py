"""Every night: remove the AuditEvents whose time is over."""

from __future__ import annotations

import logging

from celery import current_app, shared_task
from celery.schedules import crontab

from fhirserver.audit.chain import chain_keys
from fhirserver.audit.retention import remove_old
from fhirserver.keys import opening
from fhirserver.keys.sealer import Sealer
from fhirserver.storage.database import Database
from fhirserver.storage.keys import KeyTables
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)


@shared_task(name="audit_retention")
def remove_events() -> None:
    settings = current_app.conf[SETTINGS]
    database = Database(current_app.conf[DATABASE_URL])
    try:
        sealer = Sealer(opening.keyring(settings, KeyTables(database)))
        count = remove_old(database, chain_keys(database, sealer), settings)
        if count:
            log.warning("audit_events_removed", extra={"count": count})
    finally:
        database.close()


SCHEDULE.register("audit_retention")(Periodic("audit_retention", crontab(hour="3", minute="20")))
