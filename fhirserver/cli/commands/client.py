"""`fhirserver client`: which apps and services may ask for tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

import click

from fhirserver import ids
from fhirserver.access.enforcement import check
from fhirserver.access.scopes import scopes, words
from fhirserver.cli.databases import migrated_database, recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import Invalid, NotFound
from fhirserver.oauth.cds_clients import MAY_CALL
from fhirserver.oauth.client_keys import check_key_set
from fhirserver.oauth.pinned_fetch import PinnedFetch, check_address
from fhirserver.oauth.registration import check_redirect
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import site_of
from fhirserver.settings import Settings
from fhirserver.storage import clients, grants, users
from fhirserver.storage.clients import Client, Kind

APP: Final = "launch/patient openid fhirUser offline_access patient/*.rs"
SERVICE: Final = "system/*.rs"
DAY: Final = 86_400


@click.group()
def command() -> None:
    """Register apps and backend services, or stop them."""


@command.command()
@with_settings()
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(get_args(Kind)),
    default="public",
    show_default=True,
    help="Has it a secret (symmetric), a key of its own (asymmetric), or neither (public)?",
)
@click.option("--id", "client_id", help="Its client_id [a random one].")
@click.option(
    "--redirect-uri", "redirects", multiple=True, help="Where codes may go; may be repeated."
)
@click.option("--launch-uri", help="Where an EHR opens it.")
@click.option("--scope", help="The most that it may ask for.")
@click.option("--service", is_flag=True, help="A backend service: it acts for itself, by a key.")
@click.option("--jwks", type=click.Path(exists=True, path_type=Path), help="Its public keys.")
@click.option("--jwks-uri", help="Where its public keys are.")
@click.option(
    "--cds-hooks",
    is_flag=True,
    help="It calls the CDS services: --id is the iss of its tokens, which its keys sign.",
)
@click.option("--introspects", is_flag=True, help="It may ask about the tokens of others.")
def add(
    settings: Settings,
    name: str,
    kind: Kind,
    client_id: str | None,
    redirects: tuple[str, ...],
    launch_uri: str | None,
    scope: str | None,
    service: bool,
    jwks: Path | None,
    jwks_uri: str | None,
    cds_hooks: bool,
    introspects: bool,
) -> None:
    """Register the client NAME, and print its client_id, and its secret if it gets one.

    The secret is shown this once: only its hash is kept.
    """
    if cds_hooks and client_id is None:
        raise Invalid("--cds-hooks needs --id: the iss of the client's tokens")
    if service or cds_hooks:
        kind = "asymmetric"
    elif not redirects and not introspects:
        raise Invalid("an app needs --redirect-uri; a backend service is added with --service")
    if (kind == "asymmetric") != (jwks is not None or jwks_uri is not None):
        raise Invalid("--jwks or --jwks-uri goes with a service, or with --kind asymmetric")
    if jwks_uri is not None:
        check_address(
            PinnedFetch(allow_loopback=settings.allow_local_addresses), jwks_uri, "--jwks-uri"
        )
    secret = stored = None
    if kind == "symmetric":
        secret, stored = clients.new_secret()
    made = Client(
        id=client_id or ids.new(),
        name=name,
        kind=kind,
        secret=stored,
        redirect_uris=tuple(check_redirect(r) for r in redirects),
        grant_types=_grant_types(service=service, has_pages=bool(redirects) or not cds_hooks),
        scope=_scope(scope, settings, service=service, only_calls=cds_hooks and not redirects),
        jwks=None if jwks is None else check_key_set(_read(jwks)),
        jwks_uri=jwks_uri,
        launch_uri=None if launch_uri is None else check_redirect(launch_uri),
        may_introspect=introspects,
        details={MAY_CALL: True} if cds_hooks else {},
    )
    with recorded_database(settings, made.id) as (_, database):
        if clients.client_by_id(database, made.id) is not None:
            raise Invalid(f"there is a client {made.id!r} already")
        with database.transaction() as connection:
            clients.add_client(connection, made)
    click.echo(f"client_id {made.id}")
    if secret is not None:
        click.echo(f"client_secret {secret}")


@command.command("list")
@with_settings()
def list_(settings: Settings) -> None:
    """List all clients: id, name, kind, scopes, and whether they are trusted or disabled."""
    with migrated_database(settings) as (_, database):
        for client in clients.clients(database):
            state = " (trusted)" if client.is_trusted else ""
            state += "" if client.is_active else " (disabled)"
            click.echo(f"{client.id} {client.name!r} {client.kind}{state}: {client.scope}")


@command.command()
@with_settings()
@click.argument("client_id")
def disable(settings: Settings, client_id: str) -> None:
    """Stop a client at once: none of its tokens works any more."""
    _set_active(settings, client_id, active=False)


@command.command()
@with_settings()
@click.argument("client_id")
def enable(settings: Settings, client_id: str) -> None:
    """Let a client work again, with the tokens that have not expired."""
    _set_active(settings, client_id, active=True)


@command.command()
@with_settings()
@click.argument("client_id")
@click.option("--off", is_flag=True, help="Ask its users again.")
def trust(settings: Settings, client_id: str, off: bool) -> None:
    """Let an app of the hospital's own have what it asks for without asking its users.

    Their rights stay what they are, and what is granted is on record. Our apps are trusted.
    """
    with (
        recorded_database(settings, client_id) as (_, database),
        database.transaction() as connection,
    ):
        if not clients.set_client_trusted(connection, client_id, not off):
            raise NotFound(f"there is no client {client_id!r}: see `fhirserver client list`")


@command.command()
@with_settings()
@click.argument("client_id")
@click.option("--user", help="Only what this user has granted.")
def revoke(settings: Settings, client_id: str, user: str | None) -> None:
    """End what a client was granted; its users are asked anew."""
    with recorded_database(settings, client_id) as (_, database):
        held = None if user is None else users.user_by_name(database, user)
        if user is not None and held is None:
            raise NotFound(f"there is no user {user!r}")
        count = grants.revoke_client(database, client_id, None if held is None else held.id)
    click.echo(f"{count} grants ended")


@command.command()
@with_settings()
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True)
def invite(settings: Settings, days: int) -> None:
    """Print a token with which one client may register itself at /oauth/register.

    FHIRSERVER_CLIENT_REGISTRATION must be `token`.
    """
    with recorded_database(settings) as (_, database):
        click.echo(clients.invite(database, days * DAY))


def _scope(scope: str | None, settings: Settings, *, service: bool, only_calls: bool) -> str:
    if scope is None and only_calls and not service:
        # What only calls CDS services asks for no tokens.
        return ""
    return _checked(scope or (SERVICE if service else APP), settings)


def _grant_types(*, service: bool, has_pages: bool) -> tuple[str, ...]:
    if service:
        return ("client_credentials",)
    return ("authorization_code", "refresh_token") if has_pages else ()


def _set_active(settings: Settings, client_id: str, *, active: bool) -> None:
    with (
        recorded_database(settings, client_id) as (_, database),
        database.transaction() as connection,
    ):
        if not clients.set_client_active(connection, client_id, active):
            raise NotFound(f"there is no client {client_id!r}: see `fhirserver client list`")


def _checked(scope: str, settings: Settings) -> str:
    check(scopes(scope), base_parameters(), site_of(settings))
    return " ".join(words(scope))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise Invalid(f"{path}: this is no JSON") from error
