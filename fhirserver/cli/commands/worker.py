"""`fhirserver worker`: does the work that happens outside requests, in the foreground."""

from __future__ import annotations

import dataclasses

import click

import fhirserver.bulk.reaction
import fhirserver.subscriptions.reaction
import fhirserver.workflows.reaction  # noqa: F401 - they register themselves
from fhirserver import embedded, gateways
from fhirserver.app import open_database, open_engine
from fhirserver.audit.recorder import Recorder
from fhirserver.cli.options import with_settings
from fhirserver.garbage import IN_GROUPS, settled
from fhirserver.reactions import reactions
from fhirserver.reactions.running import Running
from fhirserver.registry import discover
from fhirserver.settings import Settings
from fhirserver.tasks import make_celery


@click.command()
@with_settings()
@click.option("--concurrency", default=2, show_default=True, help="How many tasks run at once.")
def command(settings: Settings, concurrency: int) -> None:
    """Do the work that happens outside requests (one role, as many as you like)."""
    settings = dataclasses.replace(settings, database_url=embedded.connection_url(settings))
    app = make_celery(embedded.broker_url(settings), settings.database_url, settings)
    database = open_database(settings)
    recorder = Recorder(settings, database)
    engine = open_engine(settings, database, recorder)
    recorder.buffer.start()
    for part in gateways.parts("reactions"):
        discover(part)
    running = Running(database, [make(engine) for make in reactions.values()])
    settled(IN_GROUPS)
    running.start()
    try:
        app.worker_main(
            [
                *("worker", "--pool", "threads", "--concurrency", str(concurrency)),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                *("--loglevel", settings.log_level),
            ]
        )
    finally:
        running.stop()
        recorder.buffer.end()
