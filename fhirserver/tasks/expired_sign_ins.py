"""Every hour: forget sign-ins that nobody finished, old attempts, and sessions of long ago."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app, shared_task

from fhirserver.storage import attempts, begun, sessions
from fhirserver.storage.database import Database
from fhirserver.tasks import DATABASE_URL, SCHEDULE, Periodic

log = logging.getLogger(__name__)


@shared_task(name="expired_sign_ins")
def forget() -> None:
    database = Database(current_app.conf[DATABASE_URL])
    try:
        counts = {
            "begun": begun.forget_expired(database),
            "attempts": attempts.forget_expired(database),
            "sessions": sessions.forget_old(database),
        }
        log.info("sign_ins_forgotten", extra=counts)
    finally:
        database.close()


SCHEDULE.register("expired_sign_ins")(Periodic("expired_sign_ins", timedelta(hours=1)))
