"""`fhirserver token`: a bearer token for scripts."""

from __future__ import annotations

import click

from fhirserver.access.enforcement import check
from fhirserver.access.scopes import scopes
from fhirserver.cli.databases import recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import Invalid, NotFound
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import site_of
from fhirserver.settings import Settings
from fhirserver.storage import grants, tokens, users
from fhirserver.storage.database import Database


@click.command()
@with_settings()
@click.option("--scope", help='What it allows, such as "system/*.cruds" [user/*.cruds for a user].')
@click.option("--user", help="Whose rights it has, by user name; none, for a system's token.")
@click.option("--patient", help="The id of the patient that scopes of patient/ are about.")
@click.option("--encounter", help="The id of the encounter in context.")
@click.option("--subject", default="script", show_default=True, help="Who is said to have it.")
@click.option("--lifetime", type=click.IntRange(1), help="How many seconds it is valid.")
@click.option("--revoke", metavar="TOKEN", help="Instead, end this token and its like.")
def command(
    settings: Settings,
    scope: str | None,
    user: str | None,
    patient: str | None,
    encounter: str | None,
    subject: str,
    lifetime: int | None,
    revoke: str | None,
) -> None:
    """Print a bearer token, and nothing else."""
    if revoke is None:
        scope = _checked(scope, user, patient, settings)
    about = "revoke" if scope is None else user or subject
    with recorded_database(settings, about) as (_, database):
        if revoke is not None or scope is None:
            _revoke(database, revoke or "")
            return
        seconds = lifetime or settings.token_lifetime_seconds
        token = tokens.issue(
            database,
            subject=user or subject,
            scope=scope,
            lifetime_seconds=seconds,
            user=None if user is None else _user(database, user),
            patient=patient,
            encounter=encounter,
        )
        click.echo(token)


def _checked(scope: str | None, user: str | None, patient: str | None, settings: Settings) -> str:
    """The scopes, which must fit to what else is known."""
    if scope is None:
        if user is None:
            raise Invalid('say what the token allows: --scope "system/*.cruds", or --user NAME')
        scope = "user/*.cruds"
    found = scopes(scope)
    check(found, base_parameters(), site_of(settings))
    if user is not None and any(s.context == "system" for s in found):
        raise Invalid("a user has no system/ scopes: use user/ or patient/")
    if patient is None and any(s.context == "patient" for s in found):
        raise Invalid("patient/ scopes need --patient ID")
    return scope


def _user(database: Database, name: str) -> str:
    found = users.user_by_name(database, name)
    if found is None or not found.is_active:
        raise NotFound(f"there is no user {name!r} who may sign in: see `fhirserver user list`")
    return found.id


def _revoke(database: Database, token: str) -> None:
    found = grants.token(database, token)
    if found is None:
        raise NotFound("the token is unknown or has expired")
    grants.revoke_family(database, found.family.id)
