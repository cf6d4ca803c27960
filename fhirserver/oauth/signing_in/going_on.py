"""From one step of signing in to the next: what is noted down between them, and the end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Response, make_response, redirect, request

from fhirserver.oauth.pages import forget_forms
from fhirserver.oauth.session import Method, SignedIn, installed
from fhirserver.oauth.signing_in.service import Service
from fhirserver.storage import begun, users
from fhirserver.storage.users import Account

log = logging.getLogger(__name__)

STEP: Final = "step"
# These are two factors in one: what the user has, and what opens it, or the other server's word.
_STRONG: Final = frozenset({"passkey", "external"})


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody who has proved with one factor who they are, and is to give another.

    `session` is the session in which they confirm who they are; None for who signs in.
    """

    account: Account
    methods: tuple[Method, ...]
    next: str
    session: str | None


def go_on(
    service: Service,
    account: Account,
    methods: Sequence[Method],
    next_address: str,
    again: SignedIn | None = None,
) -> Response:
    """After a factor: to the next one, or signed in."""
    session = again.session if again else None
    if _STRONG.isdisjoint(methods) and len(methods) < 2:
        if service.has_second_factor(account.id):
            return _to("/signin/second", service, account, methods, next_address, session)
        if service.needs_second_factor(account):
            return _to("/signin/connect", service, account, methods, next_address, session)
    return finish(service, account, methods, next_address, session)


def finish(
    service: Service,
    account: Account,
    methods: Sequence[Method],
    next_address: str,
    session: str | None,
) -> Response:
    """Signed in: a new session, or the same one with a new token."""
    response = see_other(next_address)
    service.record.signed_in(account)
    if session is None:
        installed().start(request, response, account.id, methods)
    elif not installed().renew(response, session, methods):
        return see_other("/signin")
    installed().drop_cookie(response, STEP)
    forget_forms()
    log.info("signed_in", extra={"user": account.id, "methods": list(methods)})
    return response


def current(service: Service) -> Step | None:
    """The step that this browser is at; None when there is none, or it took too long."""
    return _step(service, begun.look(service.database, step_token(), "sign-in"))


def done(service: Service) -> Step | None:
    """The same, for the one time that it is completed."""
    return _step(service, begun.take(service.database, step_token(), "sign-in"))


def step_token() -> str:
    """The token of the step in the browser's cookie; empty for none."""
    return request.cookies.get(installed().cookie_name(STEP), "")


def see_other(address: str) -> Response:
    """Go there next."""
    response = make_response(redirect(address, HTTPStatus.SEE_OTHER))
    response.autocorrect_location_header = False
    return response


def _to(
    page: str,
    service: Service,
    account: Account,
    methods: Sequence[Method],
    next_address: str,
    session: str | None,
) -> Response:
    noted: dict[str, Any] = {"methods": list(methods), "next": next_address, "session": session}
    token = begun.begin(service.database, "sign-in", user_id=account.id, content=noted)
    response = see_other(page)
    installed().set_cookie(response, STEP, token)
    return response


def _step(service: Service, found: begun.Begun | None) -> Step | None:
    if found is None or found.user_id is None:
        return None
    account = users.user_by_id(service.database, found.user_id)
    if account is None or not account.is_active:
        return None
    noted = found.content
    return Step(account, tuple(noted["methods"]), noted["next"], noted["session"])
