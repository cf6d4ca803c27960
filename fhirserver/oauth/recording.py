"""Sign-ins, and what users grant to apps, on record: AuditEvents of DICOM's types and of ours.

https://profiles.ihe.net/ITI/BALP/. Of a failed sign-in the name that was typed isn't kept: it may
be a password. When the record can't be written, nobody signs in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from flask import request

from fhirserver import clock, ids
from fhirserver.access.principal import User
from fhirserver.audit.event import Caller, Event
from fhirserver.oauth.asking import Asked
from fhirserver.oauth.session import user_of
from fhirserver.request_id import request_id
from fhirserver.storage.users import Account

Reason = Literal["login", "throttled", "forbidden"]
"""Why somebody wasn't let in: not proved, too often tried, or no business here."""


class Record:
    """Writes down what the request under way comes to."""

    def __init__(self, add: Callable[[Event], None]) -> None:
        self._add = add

    def signed_in(self, account: Account) -> None:
        """Somebody signed in, or confirmed who they are."""
        self._add(_event("login", _caller(user_of(account))))

    def failed(self, account: Account | None, reason: Reason = "login") -> None:
        """Somebody tried to be this user, or one that doesn't exist."""
        self._add(_event("login", _caller(user_of(account) if account else None), reason))

    def signed_out(self, user: User) -> None:
        """Somebody signed out."""
        self._add(_event("logout", _caller(user)))

    def decided(self, asked: Asked, user: User, scopes: Sequence[str]) -> None:
        """Somebody lets an app have these scopes of those asked for, or none."""
        event = _event("operation", replace(_caller(user), client=asked.client))
        self._add(
            replace(
                event,
                operation="oauth-allow" if scopes else "oauth-deny",
                reason=" ".join(scopes)[:1_000] or None,
                patients=() if asked.patient is None else (asked.patient,),
            )
        )


def _event(subtype: str, caller: Caller, reason: Reason | None = None) -> Event:
    return Event(
        id=ids.new(),
        recorded=int(clock.now().timestamp() * 1000),
        subtype=subtype,
        action="E",
        caller=caller,
        outcome="4" if reason else "0",
        reason=reason,
        request_id=request_id(request.environ),
    )


def _caller(user: User | None) -> Caller:
    address = request.remote_addr
    if user is None:
        return Caller(address=address)
    return Caller(
        address=address,
        user=user.id,
        name=user.name,
        who=user.fhir_user,
        roles=tuple(sorted(user.roles)),
    )
