"""The clients that are registered: apps and backend services.

https://hl7.org/fhir/smart-app-launch/app-launch.html#register-app-with-ehr
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from fhirserver.storage.database import Connection, Database, execute

Kind = Literal["public", "symmetric", "asymmetric"]

_COLUMNS: Final = (
    "id, name, kind, secret, redirect_uris, grant_types, scope, jwks, jwks_uri, launch_uri, "
    "may_introspect, is_active, details, created, is_trusted, own_app"
)


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    `scope` is the most that it may ask for, `secret` the SHA-256 of what a symmetric one knows,
    `details` what else its registration says: addresses of its logo, policy and so on.
    """

    id: str
    name: str
    kind: Kind
    secret: bytes | None = field(default=None, repr=False)
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    scope: str = ""
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    launch_uri: str | None = None
    may_introspect: bool = False
    """Whether it may ask about tokens of others: a resource server."""
    is_active: bool = True
    details: dict[str, Any] = field(default_factory=dict)
    created: datetime | None = None
    is_trusted: bool = False
    """No third party: its users aren't asked for their consent."""
    own_app: str | None = None
    """The folder of the app that comes with the server; None for all others."""

    def has_secret(self, given: str) -> bool:
        """Whether this is its secret."""
        found = hashlib.sha256(given.encode(errors="replace")).digest()
        return self.secret is not None and secrets.compare_digest(found, self.secret)


def new_secret() -> tuple[str, bytes]:
    """A new client secret, and what is stored of it."""
    secret = secrets.token_urlsafe(32)
    return secret, hashlib.sha256(secret.encode()).digest()


def client_by_id(database: Database, client_id: str) -> Client | None:
    """A client, whether it is active or not."""
    rows = database.read(f"SELECT {_COLUMNS} FROM access.client WHERE id = %s", (client_id,))
    return _client(rows[0]) if rows else None


def clients(database: Database) -> list[Client]:
    """All clients by name."""
    rows = database.read(f"SELECT {_COLUMNS} FROM access.client ORDER BY name, id")
    return [_client(row) for row in rows]


def add_client(connection: Connection, client: Client) -> None:
    """Store a new client, or the whole of one that is there."""
    execute(
        connection,
        "INSERT INTO access.client (id, name, kind, secret, redirect_uris, grant_types, scope, "
        "jwks, jwks_uri, launch_uri, may_introspect, is_active, details, is_trusted) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, "
        "secret = excluded.secret, redirect_uris = excluded.redirect_uris, "
        "grant_types = excluded.grant_types, scope = excluded.scope, jwks = excluded.jwks, "
        "jwks_uri = excluded.jwks_uri, launch_uri = excluded.launch_uri, "
        "may_introspect = excluded.may_introspect, is_active = excluded.is_active, "
        "details = excluded.details, is_trusted = excluded.is_trusted",
        (
            client.id,
            client.name,
            client.kind,
            client.secret,
            list(client.redirect_uris),
            list(client.grant_types),
            client.scope,
            None if client.jwks is None else json.dumps(client.jwks),
            client.jwks_uri,
            client.launch_uri,
            client.may_introspect,
            client.is_active,
            json.dumps(client.details),
            client.is_trusted,
        ),
    )


def keep_own_app(connection: Connection, client: Client) -> bool:
    """Store the client of an app that comes with the server, as its folder describes it.

    Of one that is there, whether it is active and trusted stays the administrator's. Returns
    whether anything changed; a client of the same id that isn't the server's own stays as it is.
    """
    return bool(
        execute(
            connection,
            "INSERT INTO access.client AS c (id, name, kind, redirect_uris, grant_types, scope, "
            "launch_uri, is_trusted, own_app) VALUES (%s, %s, %s, %s, %s, %s, %s, true, %s) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, "
            "redirect_uris = excluded.redirect_uris, grant_types = excluded.grant_types, "
            "scope = excluded.scope, launch_uri = excluded.launch_uri, own_app = excluded.own_app "
            "WHERE c.own_app IS NOT NULL AND (c.name, c.kind, c.redirect_uris, c.grant_types, "
            "c.scope, c.launch_uri, c.own_app) IS DISTINCT FROM (excluded.name, excluded.kind, "
            "excluded.redirect_uris, excluded.grant_types, excluded.scope, excluded.launch_uri, "
            "excluded.own_app) RETURNING 1",
            (
                client.id,
                client.name,
                client.kind,
                list(client.redirect_uris),
                list(client.grant_types),
                client.scope,
                client.launch_uri,
                client.own_app,
            ),
        )
    )


def set_client_trusted(connection: Connection, client_id: str, trusted: bool) -> bool:
    """Whether its users are asked for their consent; False when there is no such client."""
    return bool(
        execute(
            connection,
            "UPDATE access.client SET is_trusted = %s WHERE id = %s RETURNING 1",
            (trusted, client_id),
        )
    )


def set_client_active(connection: Connection, client_id: str, active: bool) -> bool:
    """Let a client work or not, at once, its tokens too; False when there is no such client."""
    return bool(
        execute(
            connection,
            "UPDATE access.client SET is_active = %s WHERE id = %s RETURNING 1",
            (active, client_id),
        )
    )


def set_client_scope(connection: Connection, client_id: str, scope: str) -> bool:
    """The most that a client may ask for from now on; False when there is no such client.

    Tokens that it has keep what they were granted until they end.
    """
    return bool(
        execute(
            connection,
            "UPDATE access.client SET scope = %s WHERE id = %s RETURNING 1",
            (scope, client_id),
        )
    )


def with_secret(client: Client, stored: bytes) -> Client:
    """The client with another secret."""
    return replace(client, secret=stored)


def _client(row: tuple[Any, ...]) -> Client:
    kind: Kind = next(k for k in get_args(Kind) if k == row[2])
    return Client(
        row[0], row[1], kind, None if row[3] is None else bytes(row[3]), tuple(row[4]),
        tuple(row[5]), *row[6:],
    )  # fmt: skip


def add_client_below(database: Database, client: Client, most: int) -> bool:
    """Store a new client unless there are so many already."""
    with database.transaction() as connection:
        # One at a time, or a hundred at once would all find room for one.
        execute(connection, "LOCK TABLE access.client IN SHARE ROW EXCLUSIVE MODE")
        if execute(connection, "SELECT count(*) FROM access.client")[0][0] >= most:
            return False
        add_client(connection, client)
    return True


def invite(database: Database, lifetime_seconds: float) -> str:
    """A token with which a client may register itself once."""
    token = secrets.token_urlsafe(32)
    database.write(
        "INSERT INTO access.initial_token (hash, expires) "
        "VALUES (%s, now() + make_interval(secs => %s))",
        (hashlib.sha256(token.encode()).digest(), lifetime_seconds),
    )
    return token


def use_initial_token(database: Database, token: str) -> bool:
    """Use up an invitation; False when there is none."""
    rows = database.write(
        "DELETE FROM access.initial_token WHERE hash = %s AND expires > now() RETURNING 1",
        (hashlib.sha256(token.encode(errors="replace")).digest(),),
    )
    return bool(rows)
