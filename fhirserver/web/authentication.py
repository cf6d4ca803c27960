"""Whose request it is: the bearer token in the Authorization header.

https://www.rfc-editor.org/rfc/rfc6750
"""

from __future__ import annotations

import threading
import time

from fhirserver.access.principal import Principal, scopes
from fhirserver.errors import Unauthorized
from fhirserver.storage.database import Database
from fhirserver.storage.tokens import grant

# How long a token that was found valid isn't looked up again.
REMEMBERED_SECONDS = 2.0
MOST_REMEMBERED = 10_000


class Authenticator:
    """Turns tokens into principals."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Principal]] = {}
        self._lock = threading.Lock()

    def principal(self, authorization: str | None) -> Principal:
        """The caller; raises Unauthorized without a valid bearer token."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise _refused("a bearer token is needed: send it in the Authorization header")
        known = self._known.get(token)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = grant(self._database, token)
        if found is None:
            raise _refused("the token is unknown or has expired", error="invalid_token")
        principal = Principal(found.subject, scopes(found.scope))
        with self._lock:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[token] = (time.monotonic() + REMEMBERED_SECONDS, principal)
        return principal


def _refused(text: str, error: str | None = None) -> Unauthorized:
    challenge = 'Bearer realm="fhirserver"' + (f', error="{error}"' if error else "")
    return Unauthorized(text, headers={"WWW-Authenticate": challenge})
