"""`fhirserver db`: the database's migrations."""

from __future__ import annotations

import sys

import click

from fhirserver import embedded
from fhirserver.app import open_database
from fhirserver.cli.options import with_settings
from fhirserver.oauth import own_apps
from fhirserver.settings import Settings
from fhirserver.storage import migrate


@click.group()
def command() -> None:
    """Upgrade the database, or see how it stands."""


@command.command()
@with_settings()
def upgrade(settings: Settings) -> None:
    """Run the migrations that are missing, and register our apps; a server may run meanwhile.

    The apps are registered with the address that FHIRSERVER_BASE_URL names.
    """
    with embedded.services(settings) as served:
        assert served.database_url is not None
        for name in migrate.upgrade(served.database_url):
            click.echo(f"applied {name}")
        click.echo(f"the database is at {migrate.head()}")
        database = open_database(served)
        try:
            done = own_apps.register(database, served)
        finally:
            database.close()
        for name in done.changed:
            click.echo(f"registered the app {name}")
        for reason in done.refused:
            click.echo(f"not registered: {reason}", err=True)


@command.command()
@with_settings()
def status(settings: Settings) -> None:
    """Say at which migration the database is; ends with 1 when some are missing."""
    with embedded.services(settings) as served:
        assert served.database_url is not None
        applied = migrate.applied(served.database_url)
    if applied == migrate.head():
        click.echo(f"the database is at {applied}, the newest")
        return
    click.echo(
        f"the database is {f'at {applied}' if applied else 'empty'}, the newest is "
        f"{migrate.head()}: run `fhirserver db upgrade`"
    )
    sys.exit(1)
