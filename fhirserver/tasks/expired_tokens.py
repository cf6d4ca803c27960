"""Every hour: forget the access tokens that have expired."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app, shared_task

from fhirserver.storage.database import Database
from fhirserver.storage.grants import forget_expired
from fhirserver.tasks import DATABASE_URL, SCHEDULE, Periodic

log = logging.getLogger(__name__)


@shared_task(name="expired_tokens")
def forget() -> None:
    database = Database(current_app.conf[DATABASE_URL])
    try:
        log.info("tokens_forgotten", extra={"count": forget_expired(database)})
    finally:
        database.close()


SCHEDULE.register("expired_tokens")(Periodic("expired_tokens", timedelta(hours=1)))
