"""Signing in with an account of another server: away to it, and back."""

from __future__ import annotations

import hmac
import logging
import secrets
from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, request

from fhirserver import clock
from fhirserver.errors import Forbidden, NotSupported
from fhirserver.oauth import next_address
from fhirserver.oauth.pages import page_blueprint
from fhirserver.oauth.session import installed, signed_in
from fhirserver.oauth.signing_in.external_users import ExternalUsers
from fhirserver.oauth.signing_in.going_on import go_on, see_other
from fhirserver.oauth.signing_in.provider import Claims, Provider, Refused
from fhirserver.oauth.signing_in.service import Service
from fhirserver.storage import begun

log = logging.getLogger(__name__)

CALLBACK: Final = "/signin/external/callback"
COOKIE: Final = "external"
LIFETIME_SECONDS: Final = 600
_AGAIN: Final = timedelta(minutes=2)


def blueprint(service: Service) -> Blueprint:
    """The addresses `/signin/external` and its callback."""
    pages = page_blueprint("external", __name__)
    settings = service.settings
    root = settings.fhir_base.removesuffix("/fhir")
    provider = Provider(settings, root + CALLBACK) if settings.external_issuer else None
    external_users = ExternalUsers(service.database, settings)

    @pages.post("/signin/external")
    def begin() -> Response:
        if provider is None:
            raise NotSupported("There is no other service to sign in with.")
        who = signed_in(request) if request.form.get("reauthenticate") == "1" else None
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        noted = {
            "nonce": nonce,
            "verifier": verifier,
            "next": next_address.local(request.form.get("next")),
            "session": who.session if who else None,
        }
        state = begun.begin(
            service.database, COOKIE, content=noted, lifetime_seconds=LIFETIME_SECONDS
        )
        response = see_other(
            provider.address(state=state, nonce=nonce, verifier=verifier, again=who is not None)
        )
        # The answer counts in this browser only.
        installed().set_cookie(response, COOKIE, state)
        return response

    @pages.get(CALLBACK)
    def back() -> Response:
        state = request.args.get("state", "")
        cookie = request.cookies.get(installed().cookie_name(COOKIE), "")
        is_ours = hmac.compare_digest(state.encode(), cookie.encode())
        noted = begun.take(service.database, state, COOKIE) if state and is_ours else None
        if provider is None or noted is None:
            raise Forbidden("That took too long, or was begun in another browser. Sign in again.")
        if "code" not in request.args:
            raise Forbidden("The other service did not sign you in.")
        try:
            claims = provider.claims(
                code=request.args["code"],
                verifier=noted.content["verifier"],
                nonce=noted.content["nonce"],
                issuer=request.args.get("iss"),
            )
            again = _confirmed(noted.content["session"], claims)
        except Refused as error:
            log.warning("external_sign_in_refused", extra={"reason": str(error)})
            service.record.failed(None)
            raise Forbidden(
                "The other service's answer can't be trusted: sign in again."
            ) from error
        try:
            account = external_users.user(provider.issuer, claims)
        except Forbidden:
            service.record.failed(None, "forbidden")
            raise
        who = signed_in(request) if again else None
        if again and (who is None or who.session != again or who.user.id != account.id):
            raise Forbidden("You have signed in there as somebody else.")
        response = go_on(service, account, ["external"], noted.content["next"], who)
        installed().drop_cookie(response, COOKIE)
        return response

    return pages


def _confirmed(session: str | None, claims: Claims) -> str | None:
    """The session in which somebody was to prove again who they are, if they did just now."""
    if session is None:
        return None
    when = claims.get("auth_time")
    if not isinstance(when, int) or clock.now().timestamp() - when > _AGAIN.total_seconds():
        raise Refused("the user didn't sign in again")
    return session
