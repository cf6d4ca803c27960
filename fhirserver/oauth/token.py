"""The token endpoint: for a code, a refresh token, or a service's own proof an access token.

https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-access-token
"""

from __future__ import annotations

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response, request

from fhirserver.oauth.parameters import SmartRequest, read_form
from fhirserver.oauth.server import SmartServer


def blueprint(server: SmartServer) -> Blueprint:
    """`/oauth/token`."""
    endpoint = Blueprint("token", __name__)

    @endpoint.post("/oauth/token")
    def token() -> Response:
        request.environ["fhirserver.interaction"] = "token"
        return server.answered(lambda: _answer(server, _read(server)))

    return endpoint


def _read(server: SmartServer) -> SmartRequest:
    return server.request("POST", server.addresses.token, read_form(request), request.headers)


def _answer(server: SmartServer, asked: SmartRequest) -> Response:
    grant = server.get_token_grant(asked)
    try:
        grant.validate_token_request()
        status, body, headers = grant.create_token_response()
    except OAuth2Error as error:
        if error.error == "invalid_client":
            error.status_code = 401
        raise
    return server.handle_response(status, body, headers)
