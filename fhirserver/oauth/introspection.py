"""Token introspection: what a token stands for, told to those it concerns.

https://hl7.org/fhir/smart-app-launch/token-introspection.html, https://www.rfc-editor.org/rfc/rfc7662
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from fhirserver.oauth.parameters import SmartRequest, read_form
from fhirserver.oauth.refusals import bad_client, bad_request
from fhirserver.oauth.registered import PRIVATE_KEY
from fhirserver.oauth.server import SmartServer
from fhirserver.storage import grants
from fhirserver.storage.grants import Token
from fhirserver.storage.tokens import caller, stands
from fhirserver.storage.users import user_by_id

METHODS: Final = ("client_secret_basic", "client_secret_post", PRIVATE_KEY)
"""Who can't prove who they are learn nothing: a client without a secret asks with its token."""


def blueprint(server: SmartServer) -> Blueprint:
    """`/oauth/introspect`."""
    endpoint = Blueprint("introspect", __name__)

    @endpoint.post("/oauth/introspect")
    def introspect() -> Response:
        request.environ["fhirserver.interaction"] = "introspect"
        return server.answered(
            lambda: server.handle_response(200, _told(server, _read(server)), [])
        )

    return endpoint


def _read(server: SmartServer) -> SmartRequest:
    return server.request("POST", server.addresses.introspect, read_form(request), request.headers)


def _told(server: SmartServer, asked: SmartRequest) -> dict[str, Any]:
    """The answer; no more than `active: false` for a token that isn't the asker's business."""
    may_see = _asker(server, asked)
    given = asked.parameters.get("token")
    if given is None:
        raise bad_request("the token is missing")
    found = grants.token(server.database, given)
    if found is None or found.is_used or not may_see(found):
        return {"active": False}
    if not stands(server.database, found.family.id):
        return {"active": False}
    return _facts(server, found)


def _asker(server: SmartServer, asked: SmartRequest) -> Any:
    """Which tokens whoever asks may know about. Raises an OAuth2Error for those unknown."""
    kind, _, bearer = str(asked.headers.get("Authorization") or "").partition(" ")
    if kind.lower() == "bearer":
        holder = caller(server.database, bearer.strip())
        if holder is None:
            raise bad_client("the bearer token is unknown or has expired")
        return lambda t: t.family.id == holder.family
    client = server.authenticated(asked, METHODS).client
    return lambda t: client.may_introspect or t.family.client == client.id


def _facts(server: SmartServer, token: Token) -> dict[str, Any]:
    family = token.family
    facts: dict[str, Any] = {
        "active": True,
        "scope": token.scope,
        "exp": int(token.expires.timestamp()),
        "iat": int(token.issued.timestamp()),
        "iss": server.addresses.base,
        "aud": server.addresses.base,
        "sub": family.user or family.subject,
    }
    known = {
        "token_type": "Bearer" if token.kind == "access" else None,
        "client_id": family.client,
        "patient": family.patient,
        "encounter": family.encounter,
        "fhirContext": family.launch.get("fhirContext"),
    }
    facts |= {name: value for name, value in known.items() if value is not None}
    user = user_by_id(server.database, family.user) if family.user else None
    if user is not None and user.fhir_user and {"fhirUser", "profile"} & set(family.scope.split()):
        facts["fhirUser"] = f"{server.addresses.base}/{user.fhir_user}"
    return facts
