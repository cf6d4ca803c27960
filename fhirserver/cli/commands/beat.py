"""`fhirserver beat`: sends out the regular tasks; run exactly one."""

from __future__ import annotations

import click

from fhirserver import embedded
from fhirserver.cli.options import with_settings
from fhirserver.embedded.folders import prepare
from fhirserver.settings import Settings
from fhirserver.tasks import make_celery


@click.command()
@with_settings()
def command(settings: Settings) -> None:
    """Send out the regular tasks (one role, run one of it)."""
    folder = prepare(settings.data_dir)
    app = make_celery(embedded.broker_url(settings))
    app.start(
        [
            *("beat", "--schedule", str(folder / "beat-schedule"), "--pidfile", ""),
            *("--loglevel", settings.log_level),
        ]
    )
