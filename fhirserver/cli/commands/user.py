"""`fhirserver user`: who may sign in."""

from __future__ import annotations

import click

from fhirserver.cli.databases import migrated_database, recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import NotFound
from fhirserver.oauth.signing_in.external_users import link as link_account
from fhirserver.oauth.signing_in.limits import Limits
from fhirserver.oauth.signing_in.passwords import Passwords, check_new
from fhirserver.settings import Settings
from fhirserver.storage import credentials, second_factors, users
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account


@click.group()
def command() -> None:
    """Add users, or change who may sign in and as what."""


@command.command()
@with_settings()
@click.argument("name")
@click.option("--display", default="", help="What others see, such as the full name [NAME].")
@click.option("--fhir-user", help="Who that is here, such as Practitioner/1 or Patient/1.")
@click.option("--role", "roles", multiple=True, help="A role; may be given several times.")
@click.option("--clearance", "clearances", multiple=True, help="A sensitive label they may see.")
@click.password_option(help="The first password; asked for when it isn't given.")
def add(
    settings: Settings,
    name: str,
    display: str,
    fhir_user: str | None,
    roles: tuple[str, ...],
    clearances: tuple[str, ...],
    password: str,
) -> None:
    """Add a user who signs in with NAME and a password."""
    check_new(password, shortest=settings.password_min_length, about=(name, display))
    hashed = Passwords(1).hashed(password)
    with recorded_database(settings, name) as (_, database):
        account = users.add(
            database,
            name,
            display=display,
            fhir_user=fhir_user,
            roles=roles,
            clearances=clearances,
        )
        credentials.set_password(database, account.id, hashed)
    click.echo(_line(account))


@command.command("list")
@with_settings()
def list_(settings: Settings) -> None:
    """List all users: name, who they are, roles, and whether they are disabled."""
    with migrated_database(settings) as (_, database):
        for account in users.users(database):
            click.echo(_line(account))


@command.command()
@with_settings()
@click.argument("name")
def disable(settings: Settings, name: str) -> None:
    """Shut a user out at once: sessions and tokens end."""
    with recorded_database(settings, name) as (_, database):
        users.set_active(database, _named(database, name).id, is_active=False)


@command.command()
@with_settings()
@click.argument("name")
def enable(settings: Settings, name: str) -> None:
    """Let a user in again."""
    with recorded_database(settings, name) as (_, database):
        users.set_active(database, _named(database, name).id, is_active=True)


@command.command()
@with_settings()
@click.argument("name")
@click.argument("roles", nargs=-1)
def roles(settings: Settings, name: str, roles: tuple[str, ...]) -> None:
    """Give a user these roles, and no others."""
    with recorded_database(settings, name) as (_, database):
        changed = users.set_roles(database, _named(database, name).id, roles)
        if changed is not None:
            click.echo(_line(changed))


@command.command()
@with_settings()
@click.argument("name")
@click.password_option(help="The new password; asked for when it isn't given.")
def password(settings: Settings, name: str, password: str) -> None:
    """Set a user's password, which ends all their sessions."""
    with recorded_database(settings, name) as (_, database):
        account = _named(database, name)
        about = (account.name, account.display)
        check_new(password, shortest=settings.password_min_length, about=about)
        credentials.set_password(database, account.id, Passwords(1).hashed(password))


@command.command()
@with_settings()
@click.argument("name")
@click.argument("subject")
def link(settings: Settings, name: str, subject: str) -> None:
    """Let the account with this SUBJECT at the external issuer sign in as a user."""
    if settings.external_issuer is None:
        raise click.UsageError("FHIRSERVER_EXTERNAL_ISSUER is not set")
    with recorded_database(settings, name) as (_, database):
        account = _named(database, name)
        link_account(database, account, settings.external_issuer, subject, settings.external_name)


@command.command()
@with_settings()
@click.argument("name")
def unlock(settings: Settings, name: str) -> None:
    """End the pause after too many failed attempts of a user to sign in."""
    with recorded_database(settings, name) as (_, database):
        account = _named(database, name)
        Limits(database, settings).forget(account.name, account.id)


@command.command()
@with_settings()
@click.argument("name")
def reset(settings: Settings, name: str) -> None:
    """Take authenticator app, passkeys and recovery codes from a user who has lost them.

    Ends all their sessions. At the next sign-in the password is enough, unless a role of theirs
    needs a second factor: then they connect a new one.
    """
    with recorded_database(settings, name) as (_, database):
        account = _named(database, name)
        second_factors.forget(database, account.id)


def _named(database: Database, name: str) -> Account:
    found = users.user_by_name(database, name)
    if found is None:
        raise NotFound(f"there is no user {name!r}: see fhirserver user list")
    return found


def _line(account: Account) -> str:
    parts = [account.name, account.fhir_user or "-", ",".join(sorted(account.roles)) or "-"]
    return "  ".join(parts) + ("" if account.is_active else "  disabled")
