"""What our pages look up for somebody who is signed in: with their own rights, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from flask import has_request_context, request

from fhirserver.access.access import Access
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.audit.event import Origin
from fhirserver.oauth.session import SignedIn
from fhirserver.request_id import request_id
from fhirserver.storage import epoch
from fhirserver.storage.database import Database

AccessOf = Callable[[Principal, int], Access]
OwnRights = Callable[[SignedIn], Principal]
"""The person as the caller of a read or a search."""

_LOOKING: Final = scopes("user/*.rs")


def own_rights(database: Database, access_of: AccessOf) -> OwnRights:
    """Makes principals of people; `access_of` gives what one may do, as of a number of epoch.py."""

    def made(who: SignedIn) -> Principal:
        principal = Principal(who.user.id, _LOOKING, user=who.user, session=who.session)
        return replace(principal, given_access=access_of(principal, epoch.current(database)))

    return made


def origin() -> Origin:
    """Where what a page looks up was asked from, for the record."""
    if not has_request_context():
        return Origin()
    return Origin(request.remote_addr, request_id(request.environ))
