"""Refreshing: each refresh token works once, and one that is used twice ends the whole grant.

https://www.rfc-editor.org/rfc/rfc6749#section-6, https://www.rfc-editor.org/rfc/rfc9700#section-4.14
"""

from __future__ import annotations

import logging
from typing import Any, Final

from authlib.oauth2.rfc6749.grants import RefreshTokenGrant

from fhirserver.access.scopes import covered, words
from fhirserver.oauth.launch_context import launch_context
from fhirserver.oauth.parameters import SmartRequest
from fhirserver.oauth.refusals import bad_grant, bad_scope
from fhirserver.oauth.registered import RegisteredClient, find
from fhirserver.oauth.server import METHODS, SmartServer
from fhirserver.storage import grants
from fhirserver.storage.grants import Token
from fhirserver.storage.tokens import stands

log = logging.getLogger(__name__)

_NAMES: Final = {"client_id", "client_secret", "client_assertion", "client_assertion_type"}
_NO_GOOD = "the refresh token is unknown, was used before, or has ended"


class RefreshGrant(RefreshTokenGrant):
    """authlib's grant over our rows."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: SmartServer
    request: SmartRequest

    def authenticate_token_endpoint_client(self) -> RegisteredClient:
        return self._unnamed() or self.server.authenticated(
            self.request, self.TOKEN_ENDPOINT_AUTH_METHODS
        )

    def _unnamed(self) -> RegisteredClient | None:
        """The public client of a token that comes without any name.

        SMART's request to refresh has no client_id, and its JavaScript library sends none. A
        public client proves nothing by its name, and the token says whose it is.
        https://hl7.org/fhir/smart-app-launch/app-launch.html#request-4
        """
        form = self.request.form
        if "Authorization" in self.request.headers or _NAMES & set(form):
            return None
        found = grants.token(self.server.database, form.get("refresh_token", ""))
        client = None if found is None else find(self.server.database, found.family.client)
        if client is None or client.client.kind != "public":
            return None
        self.request.client = client
        return client

    def _validate_request_token(self, client: RegisteredClient) -> Token:
        given = self.request.form.get("refresh_token", "")
        found = grants.token(self.server.database, given)
        if found is None or found.kind != "refresh" or found.family.client != client.client_id:
            raise bad_grant(_NO_GOOD)
        if found.is_used:
            self._end(found)
        if not stands(self.server.database, found.family.id):
            raise bad_grant(_NO_GOOD)
        return found

    def _validate_token_scope(self, token: Token) -> None:
        """What is asked for now must be granted already."""
        scope = self.request.parameters.get("scope")
        if scope is None:
            return
        asked = self.server.checked_scopes(scope)
        if beyond := covered(token.family.scope.split(), asked):
            raise bad_scope(f"the user has not granted {' '.join(beyond)}")

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        found: Token = self.request.refresh_token
        token = self.server.generate_token(
            self.GRANT_TYPE,
            self.request.client,
            scope=" ".join(words(self.request.parameters.get("scope") or found.family.scope)),
        )
        if not self._exchanged(found, token):
            self._end(found)
        return 200, token | launch_context(found.family, self.server.addresses.style), []

    def _exchanged(self, found: Token, token: dict[str, Any]) -> bool:
        """Store the new tokens for the old one; False when somebody was faster with it."""
        settings, family = self.server.settings, found.family
        with self.server.database.transaction() as connection:
            if not grants.use_refresh_token(connection, self.request.form["refresh_token"]):
                return False
            grants.add_token(
                connection, token["access_token"], family.id, "access", token["scope"],
                settings.access_token_lifetime_seconds,
            )  # fmt: skip
            grants.add_token(
                connection, token["refresh_token"], family.id, "refresh", family.scope,
                settings.refresh_token_lifetime_seconds,
            )  # fmt: skip
        return True

    def _end(self, found: Token) -> None:
        """The token was used twice: one of the two has stolen it."""
        log.warning("refresh_token_reused", extra={"client": found.family.client})
        grants.revoke_family(self.server.database, found.family.id)
        raise bad_grant(_NO_GOOD)
