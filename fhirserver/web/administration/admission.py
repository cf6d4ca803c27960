"""Who may ask what of `/admin`, and that it is on record.

Changes take the power `administer` and a token that may change every type; reading is also for
those with the power `explain-access`. The operator's own tokens (`system/*.cruds`) may do both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, jsonify, request

from fhirserver.access.compile import EXPLAIN_ACCESS, Granted
from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.audit.chain import ChainKeys
from fhirserver.audit.event import Subject
from fhirserver.audit.recorder import Recorder
from fhirserver.engine import Engine
from fhirserver.errors import (
    FhirError,
    Forbidden,
    Invalid,
    NotFound,
    NotUnderstood,
    UnsupportedMedia,
)
from fhirserver.interactions.routing import Route
from fhirserver.model import json
from fhirserver.storage.clients import Client
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account, user_by_id
from fhirserver.web.bodies import read_body
from fhirserver.web.origin import origin
from fhirserver.web.protection.limits import Limits

ADMINISTER: Final = "administer"
OPERATES: Final = frozenset({"operate-interfaces"})
"""The power of those who look after interfaces, and are no administrators."""
ACCOUNT: Final = "account"
CLIENT: Final = "client"
POLICY: Final = "access-policy"
"""Kinds of what requests are about, see Desk.serve."""
MOST_BYTES: Final = 1_000_000
_LONGEST: Final = 500
_MOST_SUBJECTS: Final = 20
_TOLD: Final = (
    "name", "roles", "clearances", "fhirUser", "isActive", "isTrusted", "isService", "scope",
    "forgetOld", "shown", "ids", "withNewer",
)  # fmt: skip
"""Members of requests whose values go on record: no secrets, and nothing of what texts say."""

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
    paused_until: Callable[[Account], datetime | None]
    """Until when an account may not try to sign in, after too many failed attempts."""
    end_pause: Callable[[Account], None]
    """Lets an account try to sign in at once."""


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

    def account(self, user_id: str) -> Account:
        """The account with this id. Raises NotFound."""
        found = user_by_id(self.database, user_id)
        if found is None:
            raise NotFound("there is no such user")
        return found

    def admit(self, principal: Principal, *, is_heavy: bool) -> None:
        """Count a request for its caller. Raises Throttled or Unavailable."""
        self.limits.admit(principal, Route("operation" if is_heavy else "read"), request)

    def serve(
        self,
        name: str,
        act: Act,
        also: frozenset[str] = frozenset(),
        about: str | None = None,
    ) -> Response:
        """Carry out a request, `name` on record, if its caller may ask.

        `also` are powers that are enough for it, too; `about` is the kind of what it is about,
        whose id is in the address, or in the answer when it was made.
        """
        principal = self.principal_of(request.headers.get("Authorization"))
        operation, body, content = f"admin-{name}", dict[str, Any](), dict[str, Any]()
        try:
            _admit(principal, also, is_change=request.method not in {"GET", "HEAD"})
            body = dict(_body())
            made, status = act(principal, body)
            content = dict(made)
        except FhirError as error:
            subjects = _subjects(about, body, content)
            self.recorder.add(
                called(principal, operation, origin(), error=error, subjects=subjects)
            )
            raise
        subjects = _subjects(about, body, content)
        self.recorder.add(called(principal, operation, origin(), subjects=subjects))
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


def _subjects(kind: str | None, body: Body, content: Body) -> tuple[Subject, ...]:
    """What a request is about, and what it asked to be changed."""
    # The first of an address is what the others are parts of.
    ids = [str(v) for v in (request.view_args or {}).values()][:1]
    ids = ids or [str(v) for v in (content.get("id"), content.get("kid")) if v is not None][:1]
    named = body.get("messages")
    if not ids and isinstance(named, list):
        ids = [str(v) for v in named[:_MOST_SUBJECTS]]
    told = tuple((name, _said(body[name])) for name in _TOLD if name in body)
    return () if kind is None else tuple(Subject(kind, i[:_LONGEST], told) for i in ids)


def _said(value: object) -> str:
    found = ", ".join(map(str, value)) if isinstance(value, list) else json.dump(value).decode()
    return found.strip('"')[:_LONGEST] or "-"


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
