"""Work that happens outside requests: Celery tasks, one file each, found by `registry.discover`.

    @shared_task(name="subscriptions.deliver")
    def deliver(channel: str) -> None: ...

A file that wants to be run regularly adds an entry to `SCHEDULE`. A task is a few lines that call
the engine, subscriptions or workflows; PostgreSQL is the queue of record, so a lost message or one
that comes twice does no harm.
https://docs.celeryq.dev/en/stable/userguide/configuration.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from celery import Celery
from celery.schedules import crontab

from fhirserver import gateways
from fhirserver.registry import Registry, discover
from fhirserver.settings import Settings


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task that `fhirserver beat` sends out, and when."""

    task: str
    every: timedelta | crontab


SCHEDULE: Registry[Periodic] = Registry("periodic task")


DATABASE_URL: Final = "fhirserver_database_url"
"""The name in Celery's configuration under which tasks find their database."""
SETTINGS: Final = "fhirserver_settings"
"""The same for the settings: index values depend on the site."""


def make_celery(
    broker_url: str, database_url: str | None = None, settings: Settings | None = None
) -> Celery:
    """The Celery application over this broker, with every task; it becomes the current one.

    Only a worker needs the database and the settings.
    """
    app = Celery("fhirserver", broker=broker_url, set_as_current=True)
    app.conf.update(CONFIGURATION)
    app.conf[DATABASE_URL] = database_url
    app.conf[SETTINGS] = settings
    discover(sys.modules[__name__])
    for part in gateways.parts("tasks"):
        discover(part)
    app.conf.beat_schedule = {
        name: {"task": entry.task, "schedule": entry.every} for name, entry in SCHEDULE.items()
    }
    return app


CONFIGURATION: Mapping[str, object] = {
    # Answers are looked up in PostgreSQL, nobody waits for one here.
    "result_backend": None,
    "task_ignore_result": True,
    # A task whose worker dies is done by another one.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    # A message is data, never code.
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "broker_connection_retry": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_transport_options": {
        "global_keyprefix": "fhirserver:",
        "visibility_timeout": 3600,
        "socket_keepalive": True,
    },
    "worker_hijack_root_logger": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_send_task_events": False,
    "enable_utc": True,
    "timezone": "UTC",
}
