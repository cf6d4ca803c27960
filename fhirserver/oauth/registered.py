"""A stored client as authlib asks about it: what may it do, and can it prove who it is?

https://hl7.org/fhir/smart-app-launch/app-launch.html#support-for-public-and-confidential-apps
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from authlib.oauth2.rfc6749 import ClientMixin

from fhirserver.access.scopes import covered, words
from fhirserver.errors import Invalid
from fhirserver.storage.clients import Client, Kind, client_by_id
from fhirserver.storage.database import Database

PRIVATE_KEY: Final = "private_key_jwt"
METHODS: Final[dict[Kind, frozenset[str]]] = {
    "public": frozenset(["none"]),
    "symmetric": frozenset(["client_secret_basic", "client_secret_post"]),
    "asymmetric": frozenset([PRIVATE_KEY]),
}
_ID: Final = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class RegisteredClient(ClientMixin):
    """A client that is active."""

    client: Client

    @property
    def client_id(self) -> str:
        return self.client.id

    def get_client_id(self) -> str:
        return self.client.id

    def get_default_redirect_uri(self) -> None:
        """There is none: each request names its own."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scopes if all of them may be asked for, else None: none is dropped silently."""
        if not scope:
            return None
        try:
            asked = words(scope)
            return None if covered(self.client.scope.split(), asked) else " ".join(asked)
        except Invalid:
            return None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly one of those registered, letter by letter."""
        return redirect_uri in self.client.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return self.client.has_secret(client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """On every endpoint a client proves who it is in the way of its kind, and no other."""
        return method in METHODS[self.client.kind]

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.client.grant_types


def find(database: Database, client_id: object) -> RegisteredClient | None:
    """The active client of that id."""
    if not isinstance(client_id, str) or not _ID.fullmatch(client_id):
        return None
    client = client_by_id(database, client_id)
    return RegisteredClient(client) if client is not None and client.is_active else None
