"""`fhirserver worker`: runs the tasks of Celery in the foreground, for production."""

from __future__ import annotations

import click

from fhirserver import embedded
from fhirserver.cli.options import with_settings
from fhirserver.settings import Settings
from fhirserver.tasks import make_celery


@click.command()
@with_settings()
@click.option("--concurrency", default=2, show_default=True, help="How many tasks run at once.")
def command(settings: Settings, concurrency: int) -> None:
    """Do the work that happens outside requests (one role)."""
    app = make_celery(embedded.broker_url(settings), embedded.connection_url(settings), settings)
    app.worker_main(
        [
            *("worker", "--pool", "threads", "--concurrency", str(concurrency)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("--loglevel", settings.log_level),
        ]
    )
