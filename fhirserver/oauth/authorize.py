"""The authorization endpoint: an app asks, and waits for its user.

The request is checked here and kept; the browser goes on to the pages where its user signs in and
decides (consent.py), which know it by its id alone and end it through waiting_requests.py.
https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response, make_response, redirect, render_template, request

from fhirserver.access.scopes import scope_of, words
from fhirserver.errors import Forbidden
from fhirserver.oauth.deciding import CONSENT
from fhirserver.oauth.granting import Granting
from fhirserver.oauth.pages import with_headers
from fhirserver.oauth.parameters import SmartRequest, read_any
from fhirserver.oauth.refusals import bad_request, bad_scope
from fhirserver.oauth.registered import find
from fhirserver.oauth.server import SmartServer
from fhirserver.oauth.session import SignedIn, sign_in_address, signed_in
from fhirserver.oauth.waiting_requests import LaunchRefused, WaitingRequests, answer_address
from fhirserver.storage import pending

_KEPT: Final = ("redirect_uri", "state", "nonce", "code_challenge", "launch")
_NO_LAUNCH: Final = "the launch is unknown, or was used before"


def blueprint(server: SmartServer, requests: WaitingRequests, granting: Granting) -> Blueprint:
    """`/oauth/authorize`."""
    endpoint = Blueprint("authorize", __name__)
    endpoint.after_request(with_headers)

    @endpoint.route("/oauth/authorize", methods=["GET", "POST"])
    def authorize() -> Response:
        request.environ["fhirserver.interaction"] = "authorize"
        parameters: dict[str, str] = {}
        try:
            parameters = read_any(request)
            who = signed_in(request)
            if "none" in parameters.get("prompt", "").split():
                return _see_other(_silently(server, granting, parameters, who))
            return _next(server, requests, parameters, who)
        except OAuth2Error as error:
            return _refused(server, parameters, error)

    return endpoint


def _next(
    server: SmartServer, requests: WaitingRequests, asked: dict[str, str], who: SignedIn | None
) -> Response:
    """Where the browser goes after a request: to its user's sign-in, or decision."""
    scopes = _checked(server, asked)
    prompts = asked.get("prompt", "").split()
    id_ = _waiting(server, asked, scopes)
    page = f"{CONSENT}?{urlencode({'request': id_})}"
    if who is None or "login" in prompts:
        return _see_other(sign_in_address(page, reauthenticate=who is not None))
    # Who is known already: a launch that is no good is the app's to hear at once.
    waiting = pending.take(server.database, id_, who.user.id)
    if waiting is not None:
        try:
            requests.launched(waiting, who)
        except LaunchRefused as error:
            raise _redirected(bad_request(_NO_LAUNCH), asked) from error
    return _see_other(page)


def _silently(
    server: SmartServer, granting: Granting, asked: dict[str, str], who: SignedIn | None
) -> str:
    """Where the browser goes when no page may be shown: back to the app, with a code or why not.

    https://openid.net/specs/openid-connect-core-1_0.html#AuthError
    """
    scopes = _checked(server, asked)

    def told(error: str) -> str:
        return answer_address(dict(asked), server.addresses.base, error=error)

    if asked["prompt"].split() != ["none"]:
        raise _redirected(bad_request("prompt=none goes with no other prompt"), asked)
    if who is None:
        return told("login_required")
    client = find(server.database, asked["client_id"])
    if client is None or not client.client.is_trusted:
        return told("consent_required")
    found = granting.requests.find(_waiting(server, asked, scopes), who)
    if found is None:
        raise _redirected(bad_request(_NO_LAUNCH), asked)
    if found.needs_patient and found.patient is None:
        granting.requests.deny(found.id, who)
        return told("interaction_required")
    try:
        return granting.allow(found, who, found.scopes)
    except Forbidden:
        return granting.deny(found, who)


def _waiting(server: SmartServer, asked: dict[str, str], scopes: tuple[str, ...]) -> str:
    """The id under which the request waits from now on."""
    kept: dict[str, Any] = {name: asked[name] for name in _KEPT if name in asked}
    kept["scope"] = " ".join(scopes)
    if "consent" in asked.get("prompt", "").split():
        kept["asks_consent"] = True
    return pending.wait(server.database, asked["client_id"], kept)


def _checked(server: SmartServer, asked: dict[str, str]) -> tuple[str, ...]:
    """The scopes of a request in which everything is right. Raises an OAuth2Error.

    It has the address to send it to once that is known to be the client's.
    """
    http = SmartRequest("GET", server.addresses.authorize, asked)
    grant = server.get_consent_grant(http)
    try:
        return _checked_more(server, grant.request, asked)
    except OAuth2Error as error:
        raise _redirected(error, asked) from error


def _checked_more(
    server: SmartServer, http: SmartRequest, asked: dict[str, str]
) -> tuple[str, ...]:
    if "request" in asked or "request_uri" in asked:
        raise bad_request("the parameters are taken as they are, not as a request object")
    if asked.get("aud", "").rstrip("/") != server.addresses.base:
        raise bad_request(f"aud must be {server.addresses.base}")
    scopes = server.permitted_scopes(http.client, asked.get("scope"))
    found = [s for word in words(" ".join(scopes)) if (s := scope_of(word)) is not None]
    if any(s.context == "system" for s in found):
        raise bad_scope("a user can't grant system/ scopes: they are for backend services")
    is_launch = "launch" in asked
    if is_launch and "launch" not in scopes:
        raise bad_request("the parameter launch needs the scope launch")
    if "launch" in scopes and not is_launch and "launch/patient" not in scopes:
        # Apps that open both ways ask for both; without an EHR the user chooses the patient.
        raise bad_request("the scope launch needs the EHR's parameter launch")
    in_patient = any(s.context == "patient" for s in found)
    if in_patient and not is_launch and "launch/patient" not in scopes:
        raise bad_scope("patient/ scopes need a patient: ask for launch/patient, too")
    if "launch/encounter" in scopes and not is_launch:
        raise bad_scope("an encounter can only come from an EHR's launch")
    return scopes


def _redirected(error: OAuth2Error, asked: dict[str, str]) -> OAuth2Error:
    """The same error, for the app to hear."""
    error.redirect_uri = asked["redirect_uri"]
    return error


def _refused(server: SmartServer, asked: dict[str, Any], error: OAuth2Error) -> Response:
    """Told to the app where its address is known to be its own; else to the user, on a page."""
    if error.redirect_uri:
        told = {"error": error.error}
        if error.description:
            told["error_description"] = error.description
        return _see_other(answer_address(asked, server.addresses.base, **told))
    text = (
        "An app has sent you here with a request that can't be answered. "
        f"Tell who makes the app: {error.get_error_description() or error.error}."
    )
    return make_response(render_template("trouble.html", text=text), 400)


def _see_other(target: str) -> Response:
    response = make_response(redirect(target, 303))
    response.autocorrect_location_header = False
    return response
