"""Who may ask what of `/admin`, and that it is on record.

Changes take the power `administer` and a token that may change every type; reading is also for
those with the power `explain-access`. The operator's own tokens (`system/*.cruds`) may do both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, jsonify, request

from fhirserver.access.compile import EXPLAIN_ACCESS, Granted
from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.audit.chain import ChainKeys
from fhirserver.audit.recorder import Recorder
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Forbidden, Invalid, NotUnderstood, UnsupportedMedia
from fhirserver.interactions.routing import Route
from fhirserver.model import json
from fhirserver.storage.clients import Client
from fhirserver.storage.database import Database
from fhirserver.web.bodies import read_body
from fhirserver.web.origin import origin
from fhirserver.web.protection.limits import Limits

ADMINISTER: Final = "administer"
MOST_BYTES: Final = 1_000_000

Body = Mapping[str, Any]
Answer = tuple[Mapping[str, Any], int]
Act = Callable[[Principal, Body], Answer]


@dataclass(frozen=True, slots=True)
class Clerk:
    """What is done elsewhere in the server, for administrators."""

    client_of: Callable[[Body], tuple[Client, str | None]]
    """A client as it is to be registered, and its secret if it gets one. Raises Invalid."""
    scope_of: Callable[[object], str]
    """The scopes of a text as they are stored. Raises Invalid."""
    rotate_signing: Callable[[bool], str]
    """Makes a new key for id_tokens and returns its id; True forgets the old ones at once."""
    chain_keys: Callable[[], ChainKeys]
    """What the seals of the audit trail are made with."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where administrators are served."""

    engine: Engine
    recorder: Recorder
    principal_of: Callable[[str | None], Principal]
    password_hash: Callable[[str, tuple[str, ...]], str]
    """Checks and hashes a first password; it is told what it must not resemble."""
    limits: Limits
    clerk: Clerk

    @property
    def database(self) -> Database:
        return self.engine.context.store.database

    def admit(self, principal: Principal, *, is_heavy: bool) -> None:
        """Count a request for its caller. Raises Throttled or Unavailable."""
        self.limits.admit(principal, Route("operation" if is_heavy else "read"), request)

    def serve(self, name: str, act: Act, also: frozenset[str] = frozenset()) -> Response:
        """Carry out a request, `name` on record, if its caller may ask.

        `also` are powers that are enough for it, too.
        """
        principal = self.principal_of(request.headers.get("Authorization"))
        try:
            _admit(principal, also, is_change=request.method not in {"GET", "HEAD"})
            content, status = act(principal, _body())
        except FhirError as error:
            self.recorder.add(called(principal, f"admin-{name}", origin(), error=error))
            raise
        self.recorder.add(called(principal, f"admin-{name}", origin()))
        answer = jsonify(content)
        answer.status_code = status
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _admit(principal: Principal, also: frozenset[str], *, is_change: bool) -> None:
    """Raise Forbidden unless the caller may ask this."""
    access = principal.access
    if isinstance(access, Granted):
        needed = {ADMINISTER} if is_change else {ADMINISTER, EXPLAIN_ACCESS}
        if not access.powers & (needed | also):
            raise Forbidden("this is for administrators: none of your access policies allows it")
        if not principal.may("u" if is_change else "r", None):
            raise Forbidden("this takes a token with a scope such as user/*.cruds")
    elif not principal.may("u", None, context="system"):
        raise Forbidden("this takes a token of an administrator")


def _body() -> Body:
    if request.method in {"GET", "HEAD", "DELETE"}:
        return {}
    # A form, which another site could send, is no JSON.
    if request.mimetype != "application/json":
        raise UnsupportedMedia("this takes application/json")
    text = read_body(request, MOST_BYTES)
    if not text:
        return {}
    found = json.parse(text)
    if not isinstance(found, dict):
        raise NotUnderstood("the body is a JSON object")
    return found


def text_of(body: Body, name: str, default: str | None = None) -> str:
    """A member that is a text; raises Invalid when it is something else, or missing."""
    found = body.get(name, default)
    if not isinstance(found, str):
        raise Invalid(f"{name} is a text", expression=name)
    return found


def texts_of(body: Body, name: str) -> tuple[str, ...]:
    """A member that is a list of texts, or isn't there."""
    found = body.get(name, [])
    if not isinstance(found, list) or not all(isinstance(t, str) and t for t in found):
        raise Invalid(f"{name} is a list of texts", expression=name)
    return tuple(dict.fromkeys(found))


def refuse_unknown(body: Body, *known: str) -> None:
    """Raise Invalid for a member that means nothing here."""
    if unknown := sorted(set(body) - set(known)):
        raise Invalid(f"{unknown[0][:40]!r} is none of {', '.join(known)}")
