"""Whose request it is: the bearer token in the Authorization header.

Token, user and session are read in one statement, and what was made of them is remembered: until
the token expires, half a minute at most, and as long as nobody's rights change and no token is
ended. Whether that has happened is one number (storage/epoch.py), which is read on every request.
https://www.rfc-editor.org/rfc/rfc6750
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from fhirserver import clock
from fhirserver.access.access import Access
from fhirserver.access.compile import Granted
from fhirserver.access.principal import Principal, User
from fhirserver.access.scopes import scopes
from fhirserver.errors import Unauthorized
from fhirserver.storage import epoch
from fhirserver.storage.database import Database
from fhirserver.storage.grants import note_use
from fhirserver.storage.tokens import Caller, caller

AccessOf = Callable[[Principal, int], Access]
"""What a principal may do, when the rights had this number."""

# Rights may also change as time goes by.
REMEMBERED_SECONDS: Final = 30.0
MOST_REMEMBERED: Final = 10_000
LONGEST: Final = 4_000


class Authenticator:
    """Turns tokens into principals."""

    def __init__(self, database: Database, access_of: AccessOf) -> None:
        self._database = database
        self._access_of = access_of
        self._known: dict[str, tuple[int, float, Principal]] = {}

    def principal(self, authorization: str | None) -> Principal:
        """The caller; raises Unauthorized without a valid bearer token."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise _refused("a bearer token is needed: send it in the Authorization header")
        known = self._known.get(token)
        if (
            known is not None
            and known[1] > time.monotonic()
            and known[0] == epoch.current(self._database)
        ):
            return known[2]
        found = caller(self._database, token) if len(token) <= LONGEST else None
        if found is None:
            self._known.pop(token, None)
            raise _refused("the token is unknown or has expired", error="invalid_token")
        principal = self._made(found)
        if found.client is not None:
            note_use(self._database, found.family)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        left = min(REMEMBERED_SECONDS, (found.expires - clock.now()).total_seconds())
        self._known[token] = (found.epoch, time.monotonic() + left, principal)
        return principal

    def _made(self, found: Caller) -> Principal:
        holder = found.user
        principal = Principal(
            subject=found.subject,
            scopes=scopes(found.scope),
            user=None
            if holder is None
            else User(holder.id, holder.name, holder.fhir_user, holder.roles, holder.clearances),
            client=found.client,
            patient=found.patient,
            encounter=found.encounter,
            session=found.session,
            family=found.family,
        )
        access = self._access_of(principal, found.epoch)
        purposes = access.purposes if isinstance(access, Granted) else ()
        return replace(principal, given_access=access, purposes=purposes)


def _refused(text: str, error: str | None = None) -> Unauthorized:
    challenge = 'Bearer realm="fhirserver"' + (f', error="{error}"' if error else "")
    return Unauthorized(text, headers={"WWW-Authenticate": challenge})
