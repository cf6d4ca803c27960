"""Backend Services: a system gets a token for itself, proving who it is with its key.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from fhirserver import clock
from fhirserver.access.scopes import scope_of, words
from fhirserver.oauth.parameters import SmartRequest
from fhirserver.oauth.refusals import bad_scope
from fhirserver.oauth.registered import PRIVATE_KEY, RegisteredClient
from fhirserver.oauth.server import SmartServer
from fhirserver.storage import grants
from fhirserver.storage.grants import Family


class BackendServicesGrant(ClientCredentialsGrant):
    """authlib's grant, for clients with keys only, and for scopes of systems only."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PRIVATE_KEY,)
    server: SmartServer
    request: SmartRequest

    def authenticate_token_endpoint_client(self) -> RegisteredClient:
        return self.server.authenticated(self.request, self.TOKEN_ENDPOINT_AUTH_METHODS)

    def validate_requested_scope(self) -> None:
        asked = self.request.parameters.get("scope")
        for word in self.server.permitted_scopes(self.request.client, asked):
            scope = scope_of(word)
            if scope is None or scope.context != "system":
                raise bad_scope(f"{word} needs a user: a service asks for system/ scopes")

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        client: RegisteredClient = self.request.client
        token = self.server.generate_token(
            self.GRANT_TYPE,
            client,
            scope=" ".join(words(self.request.parameters["scope"])),
            include_refresh_token=False,
        )
        lifetime = token["expires_in"]
        family = Family(
            subject=client.client_id,
            scope=token["scope"],
            expires=clock.now() + timedelta(seconds=lifetime),
            client=client.client_id,
        )
        with self.server.database.transaction() as connection:
            started = grants.start_family(connection, family)
            grants.add_token(
                connection, token["access_token"], started, "access", token["scope"], lifetime
            )
        return 200, token, []
