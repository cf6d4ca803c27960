"""`fhirserver token`: a bearer token for scripts."""

from __future__ import annotations

import click

from fhirserver import embedded
from fhirserver.access.scopes import scopes
from fhirserver.app import open_database
from fhirserver.cli.options import with_settings
from fhirserver.settings import Settings
from fhirserver.storage import migrate, tokens


@click.command()
@with_settings()
@click.option("--scope", required=True, help='What it allows, such as "system/*.cruds".')
@click.option("--subject", default="script", show_default=True, help="Who is said to have it.")
@click.option("--lifetime", type=click.IntRange(1), help="How many seconds it is valid.")
def command(settings: Settings, scope: str, subject: str, lifetime: int | None) -> None:
    """Print a bearer token, and nothing else."""
    scopes(scope)
    with embedded.services(settings) as served:
        assert served.database_url is not None
        migrate.upgrade(served.database_url)
        database = open_database(served)
        seconds = lifetime or settings.token_lifetime_seconds
        click.echo(tokens.issue(database, subject=subject, scope=scope, lifetime_seconds=seconds))
        database.close()
