"""`/admin/clients`: the apps and services that are registered.

A secret is told once, to who registers the client: only its hash is kept.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid, NotFound
from fhirserver.storage.clients import (
    Client,
    add_client,
    client_by_id,
    clients,
    set_client_active,
    set_client_scope,
    set_client_trusted,
)
from fhirserver.web.administration.admission import CLIENT, Answer, Body, Desk, refuse_unknown


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""

    @admin.get("/clients")
    def list_clients() -> Response:
        return desk.serve(
            "list-clients",
            lambda _p, _b: ({"clients": [_json(c) for c in clients(desk.database)]}, 200),
        )

    @admin.post("/clients")
    def register_client() -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            client, secret = desk.clerk.client_of(body)
            with desk.database.transaction() as connection:
                add_client(connection, client)
            told = {} if secret is None else {"secret": secret}
            return {**_json(_client(desk, client.id)), **told}, 201

        return desk.serve("register-client", act, about=CLIENT)

    @admin.get("/clients/<client_id>")
    def read_client(client_id: str) -> Response:
        return desk.serve(
            "read-client", lambda _p, _b: (_json(_client(desk, client_id)), 200), about=CLIENT
        )

    @admin.patch("/clients/<client_id>")
    def change_client(client_id: str) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            refuse_unknown(body, "isActive", "isTrusted", "scope")
            is_active, is_trusted = _flag(body, "isActive"), _flag(body, "isTrusted")
            client = _client(desk, client_id)
            scope = desk.clerk.scope_of(body["scope"]) if "scope" in body else None
            if scope is not None and client.own_app is not None:
                raise Invalid("the scopes of our own apps are their folder's", expression="scope")
            with desk.database.transaction() as connection:
                if scope is not None:
                    set_client_scope(connection, client_id, scope)
                if is_trusted is not None:
                    set_client_trusted(connection, client_id, is_trusted)
                if is_active is not None:
                    set_client_active(connection, client_id, is_active)
            return _json(_client(desk, client_id)), 200

        return desk.serve("change-client", act, about=CLIENT)


def _client(desk: Desk, client_id: str) -> Client:
    found = client_by_id(desk.database, client_id)
    if found is None:
        raise NotFound("there is no such client")
    return found


def _flag(body: Body, name: str) -> bool | None:
    found = body.get(name)
    if name in body and not isinstance(found, bool):
        raise Invalid(f"{name} is true or false", expression=name)
    return found


def _json(client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "kind": client.kind,
        "redirectUris": list(client.redirect_uris),
        "grantTypes": list(client.grant_types),
        "scope": client.scope,
        "jwks": client.jwks,
        "jwksUri": client.jwks_uri,
        "launchUri": client.launch_uri,
        "mayIntrospect": client.may_introspect,
        "isActive": client.is_active,
        "isTrusted": client.is_trusted,
        "ownApp": client.own_app,
        "created": None if client.created is None else client.created.isoformat(),
    }
