"""Every few seconds: seal the AuditEvents that have come."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app, shared_task

from fhirserver.audit.chain import chain_keys
from fhirserver.audit.sealing import seal
from fhirserver.keys import opening
from fhirserver.keys.sealer import Sealer
from fhirserver.storage.database import Database
from fhirserver.storage.keys import KeyTables
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)


@shared_task(name="audit_sealing")
def seal_events() -> None:
    database = Database(current_app.conf[DATABASE_URL])
    try:
        sealer = Sealer(opening.keyring(current_app.conf[SETTINGS], KeyTables(database)))
        count = seal(database, chain_keys(database, sealer))
        if count:
            log.info("audit_sealed", extra={"count": count})
    finally:
        database.close()


SCHEDULE.register("audit_sealing")(Periodic("audit_sealing", timedelta(seconds=5)))
