"""Demo accounts as callers of the FHIR server."""

from __future__ import annotations

from conformance.faults.client import Client
from conformance.faults.server import Server
from fhirserver.storage.tokens import issue
from fhirserver.storage.users import user_by_name


def account_at(server: Server, user: str) -> Client:
    """A client with the rights of an account, for an hour."""
    with server.database() as database:
        account = user_by_name(database, user)
        assert account is not None, user
        token = issue(
            database,
            subject=account.id,
            scope="user/*.cruds",
            lifetime_seconds=3_600,
            user=account.id,
        )
    return Client(server.port, token, timeout_seconds=120.0)
