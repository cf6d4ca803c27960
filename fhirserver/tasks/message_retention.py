"""Every night: remove the HL7 v2 messages whose time is over."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app, shared_task
from celery.schedules import crontab

from fhirserver import clock
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.message_retention import remove_received, remove_sent
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)


@shared_task(name="message_retention")
def remove_messages() -> None:
    database = Database(current_app.conf[DATABASE_URL])
    try:
        received, sent = remove_old(database, current_app.conf[SETTINGS])
        log.info("hl7v2_messages_removed", extra={"received": received, "sent": sent})
    finally:
        database.close()


def remove_old(database: Database, settings: Settings) -> tuple[int, int]:
    """Remove what is older than the site keeps; how many that came, and that were sent."""
    now = clock.now()
    received = sent = 0
    if settings.hl7v2_retention_days > 0:
        # A control id must be known for as long as it may not come again.
        days = max(settings.hl7v2_retention_days, settings.hl7v2_duplicate_days)
        received = remove_received(database, now - timedelta(days=days))
    if settings.hl7v2_sent_retention_days > 0:
        sent = remove_sent(database, now - timedelta(days=settings.hl7v2_sent_retention_days))
    return received, sent


SCHEDULE.register("message_retention")(Periodic("message_retention", crontab(hour=3, minute=50)))
