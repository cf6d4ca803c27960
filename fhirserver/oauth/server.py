"""The authorization server: authlib's, with what SMART asks for and what authlib leaves open.

https://hl7.org/fhir/smart-app-launch/app-launch.html, https://www.rfc-editor.org/rfc/rfc9700
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error
from flask import Response
from werkzeug.datastructures import Headers

from fhirserver.access.enforcement import check
from fhirserver.access.scopes import covered, scope_of, words
from fhirserver.engine import Engine
from fhirserver.errors import Invalid
from fhirserver.oauth.addresses import Addresses, addresses
from fhirserver.oauth.client_assertion import SmartAssertion
from fhirserver.oauth.client_keys import ClientKeys
from fhirserver.oauth.parameters import SmartRequest, basic
from fhirserver.oauth.refusals import bad_client, bad_request, bad_scope
from fhirserver.oauth.registered import PRIVATE_KEY, RegisteredClient, find
from fhirserver.oauth.signing import Signing
from fhirserver.storage import grants

# It writes whole tokens to its log, at DEBUG.
logging.getLogger("authlib").setLevel(logging.WARNING)

METHODS: Final = ("client_secret_basic", "client_secret_post", PRIVATE_KEY, "none")
"""How a client proves who it is, tried in this order."""


class SmartServer(AuthorizationServer):
    """An authorization server over this engine's database."""

    def __init__(self, engine: Engine, keys: ClientKeys, signing: Signing) -> None:
        super().__init__()
        self.context = engine.context
        self.settings = engine.context.settings
        self.database = engine.context.store.database
        self.addresses: Addresses = addresses(self.settings)
        self.signing = signing
        # The token address is what the standard names; some clients send the issuer's.
        audiences = [self.addresses.token, self.addresses.base]
        self.register_client_auth_method(
            PRIVATE_KEY, SmartAssertion(self.database, keys, audiences)
        )

    def query_client(self, client_id: object) -> RegisteredClient | None:
        return find(self.database, client_id)

    def request(
        self, method: str, address: str, parameters: Mapping[str, str], headers: Headers
    ) -> SmartRequest:
        """A request of a client, of which nothing is proven yet. Raises an OAuth2Error."""
        used = [
            basic(headers) is not None,
            "client_secret" in parameters,
            "client_assertion" in parameters or "client_assertion_type" in parameters,
        ]
        if sum(used) > 1:
            raise bad_request("a client proves who it is in one way at a time")
        return SmartRequest(method, address, parameters, dict(headers))

    def authenticated(self, request: SmartRequest, methods: Sequence[str]) -> RegisteredClient:
        """The client of a request, which has proven who it is. Raises an OAuth2Error."""
        try:
            client: RegisteredClient = self.authenticate_client(request, methods)
        except OAuth2Error as error:
            # Which of it is wrong, the client or its secret, is nobody's business.
            if error.error != "invalid_client" or "assertion" in (error.description or ""):
                raise
            raise bad_client("the client is unknown or has not proven who it is") from error
        request.client = client
        return client

    def create_oauth2_request(self, request: SmartRequest) -> SmartRequest:
        return request

    def validate_requested_scope(self, scope: str | None) -> None:
        """Raise an OAuth2Error for a scope that is none or can't be enforced."""
        self.checked_scopes(scope)

    def checked_scopes(self, scope: str | None) -> tuple[str, ...]:
        """The words of the scopes asked for, all of which can be enforced."""
        if not scope:
            raise bad_scope("name at least one scope, such as patient/*.rs")
        try:
            found = words(scope)
            check(
                [s for word in found if (s := scope_of(word)) is not None],
                self.context.parameters,
                self.context.site,
            )
        except Invalid as error:
            raise bad_scope(str(error)) from error
        return found

    def permitted_scopes(self, client: RegisteredClient, scope: str | None) -> tuple[str, ...]:
        """The same, all of which the client may ask for."""
        found = self.checked_scopes(scope)
        if beyond := covered(client.client.scope.split(), found):
            raise bad_scope(f"the client is not registered for {' '.join(beyond)}")
        return found

    def generate_token(
        self,
        grant_type: str,
        client: RegisteredClient,
        user: Any = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """A token response, of which nothing is stored yet; its lifetimes are the settings'."""
        lifetime = (
            self.settings.backend_token_lifetime_seconds
            if grant_type == "client_credentials"
            else self.settings.access_token_lifetime_seconds
        )
        token: dict[str, Any] = {
            "access_token": grants.new_secret(),
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": scope or "",
        }
        if include_refresh_token:
            token["refresh_token"] = grants.new_secret()
        return token

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def handle_response(
        self, status: int, payload: object, headers: list[tuple[str, str]]
    ) -> Response:
        body = json.dumps(payload) if isinstance(payload, dict) else payload
        response = Response(str(body), status=status, content_type="application/json")
        for name, value in headers:
            response.headers[name] = value
        response.headers["Cache-Control"] = "no-store"
        response.headers["Pragma"] = "no-cache"
        return response

    def answered(self, act: Callable[[], Response]) -> Response:
        """What `act` answers, or why it doesn't."""
        try:
            return act()
        except OAuth2Error as error:
            error.redirect_uri = None
            return self.handle_response(*error())
