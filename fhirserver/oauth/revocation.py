"""Token revocation: a client gives back what it no longer needs.

A refresh token takes the whole grant with it, an access token only itself.
https://www.rfc-editor.org/rfc/rfc7009
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from fhirserver.oauth.parameters import SmartRequest, read_form
from fhirserver.oauth.refusals import bad_request
from fhirserver.oauth.server import METHODS, SmartServer
from fhirserver.storage import grants


def blueprint(server: SmartServer) -> Blueprint:
    """`/oauth/revoke`."""
    endpoint = Blueprint("revoke", __name__)

    @endpoint.post("/oauth/revoke")
    def revoke() -> Response:
        request.environ["fhirserver.interaction"] = "revoke"
        return server.answered(lambda: _revoked(server, _read(server)))

    return endpoint


def _read(server: SmartServer) -> SmartRequest:
    return server.request("POST", server.addresses.revoke, read_form(request), request.headers)


def _revoked(server: SmartServer, asked: SmartRequest) -> Response:
    """The same answer for every token, so that it tells nothing of those of others."""
    client = server.authenticated(asked, METHODS)
    given = asked.parameters.get("token")
    if given is None:
        raise bad_request("the token is missing")
    found = grants.token(server.database, given)
    if found is not None and found.family.client == client.client_id:
        if found.kind == "refresh":
            grants.revoke_family(server.database, found.family.id)
        else:
            grants.revoke_token(server.database, given)
    return server.handle_response(200, {}, [])
