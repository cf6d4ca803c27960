"""The authorization code grant, with PKCE by S256 for every client.

https://www.rfc-editor.org/rfc/rfc6749#section-4.1, https://www.rfc-editor.org/rfc/rfc7636
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from fhirserver.oauth.id_token import id_token
from fhirserver.oauth.launch_context import launch_context
from fhirserver.oauth.parameters import SmartRequest
from fhirserver.oauth.refusals import bad_grant, bad_request
from fhirserver.oauth.registered import RegisteredClient
from fhirserver.oauth.server import METHODS, SmartServer
from fhirserver.storage import grants
from fhirserver.storage.grants import Code, Family
from fhirserver.storage.users import Account, user_by_id


class RedeemedCode:
    """A code that this request has claimed, and what was granted with it."""

    code_challenge_method = "S256"

    def __init__(self, code: Code, family: Family) -> None:
        self.code = code
        self.family = family
        self.code_challenge = code.code_challenge

    def get_redirect_uri(self) -> str:
        return self.code.redirect_uri

    def get_scope(self) -> str:
        return self.family.scope


class S256(CodeChallenge):
    """PKCE as SMART asks for it: always, and never plain."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        asked = grant.request.parameters
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            raise bad_request("a code_challenge with code_challenge_method=S256 is needed")
        super().validate_code_challenge(grant, redirect_uri)

    def validate_code_verifier(self, grant: Any, result: object) -> None:
        if not grant.request.form.get("code_verifier"):
            raise bad_grant("a code_verifier is needed")
        super().validate_code_verifier(grant, result)


class CodeGrant(AuthorizationCodeGrant):
    """authlib's grant over our rows: a code is claimed before anything else is looked at."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    server: SmartServer
    request: SmartRequest

    @staticmethod
    def validate_authorization_redirect_uri(request: SmartRequest, client: RegisteredClient) -> str:
        given = request.parameters.get("redirect_uri", "")
        if not client.check_redirect_uri(given):
            # The address isn't repeated: a page of ours shows this.
            raise bad_request("the redirect_uri is not one that the client has registered")
        return given

    def authenticate_token_endpoint_client(self) -> RegisteredClient:
        return self.server.authenticated(self.request, self.TOKEN_ENDPOINT_AUTH_METHODS)

    def query_authorization_code(self, code: str, client: RegisteredClient) -> RedeemedCode | None:
        database = self.server.database
        found = grants.redeem_code(database, code, client.client_id)
        if found is None:
            # Whoever sends a code again may have stolen it: or the first one had.
            grants.revoke_replayed(database, code)
            return None
        family = grants.family(database, found.family)
        return None if family is None else RedeemedCode(found, family)

    def delete_authorization_code(self, authorization_code: RedeemedCode) -> None:
        """It is gone since it was claimed."""

    def authenticate_user(self, authorization_code: RedeemedCode) -> Account | None:
        user = user_by_id(self.server.database, authorization_code.family.user or "")
        return user if user is not None and user.is_active else None

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        redeemed: RedeemedCode = self.request.authorization_code
        family = redeemed.family
        user = self.authenticate_user(redeemed)
        if user is None:
            raise bad_grant("the user may not sign in any more")
        granted = set(family.scope.split())
        lasting = bool(granted & {"offline_access", "online_access"})
        token = self.server.generate_token(
            self.GRANT_TYPE,
            self.request.client,
            scope=family.scope,
            include_refresh_token=lasting and self.request.client.check_grant_type("refresh_token"),
        )
        self._store(family.id, token)
        token |= launch_context(family, self.server.addresses.style)
        if "openid" in granted:
            token["id_token"] = id_token(
                family,
                user,
                token,
                issuer=self.server.addresses.base,
                nonce=redeemed.code.nonce,
                signing=self.server.signing,
                lifetime_seconds=self.server.settings.access_token_lifetime_seconds,
            )
        return 200, token, []

    def _store(self, family: str, token: dict[str, Any]) -> None:
        settings = self.server.settings
        with self.server.database.transaction() as connection:
            grants.add_token(
                connection, token["access_token"], family, "access", token["scope"],
                settings.access_token_lifetime_seconds,
            )  # fmt: skip
            if "refresh_token" in token:
                grants.add_token(
                    connection, token["refresh_token"], family, "refresh", token["scope"],
                    settings.refresh_token_lifetime_seconds,
                )  # fmt: skip
