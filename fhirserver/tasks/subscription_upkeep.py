"""Every few seconds: heartbeats of subscriptions, and the end of those whose time is over."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app, shared_task

from fhirserver.storage.database import Database
from fhirserver.subscriptions.upkeep import forget, look_after
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)


@shared_task(name="subscription_upkeep")
def upkeep() -> None:
    database = Database(current_app.conf[DATABASE_URL])
    try:
        look_after(database)
    finally:
        database.close()


@shared_task(name="subscription_events")
def old_events() -> None:
    database = Database(current_app.conf[DATABASE_URL])
    try:
        count = forget(database, current_app.conf[SETTINGS])
        log.info("subscription_events_forgotten", extra={"count": count})
    finally:
        database.close()


SCHEDULE.register("subscription_upkeep")(Periodic("subscription_upkeep", timedelta(seconds=5)))
SCHEDULE.register("subscription_events")(Periodic("subscription_events", timedelta(hours=1)))
