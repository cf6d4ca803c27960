"""What consent page and patient picker share: whose request it is, and the ways out."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Request, Response, make_response, redirect

from fhirserver.errors import NotFound
from fhirserver.oauth.asking import Asked, Requests
from fhirserver.oauth.pages import allow_form_targets
from fhirserver.oauth.session import SignedIn, sign_in_address, signed_in

CONSENT: Final = "/oauth/consent"
PICKER: Final = "/oauth/patient"
_SOURCE: Final = re.compile(r"[a-z][a-z0-9+.-]*:(//[A-Za-z0-9.-]+(:[0-9]+)?)?")
_OVER: Final = (
    "The app's request is over or unknown here. Go back to the app, and let it ask again."
)


def decider(requests: Requests, request: Request) -> tuple[Asked, SignedIn] | Response:
    """The request that the address names and who decides on it, or where to sign in before."""
    who = signed_in(request)
    if who is None:
        return see_other(sign_in_address(request.full_path))
    asked = requests.find(request.args.get("request", ""), who)
    if asked is None:
        raise NotFound(_OVER)
    # The browser holds the form against this also where the app is redirected to.
    allow_form_targets(form_target(asked.redirect_uri))
    return asked, who


def address(page: str, asked: Asked) -> str:
    """A page about a request."""
    return f"{page}?{urlencode({'request': asked.id})}"


def see_other(target: str) -> Response:
    """To another page, or back to the app, with no address of ours in the Referer header."""
    response = make_response(redirect(target, 303))
    response.autocorrect_location_header = False
    return response


def origin(target: str) -> str:
    """The place that an address leads to, as people and as policies of browsers name it.

    >>> origin("https://app.example/back?a=b"), origin("org.example.app:/back")
    ('https://app.example', 'org.example.app:')
    >>> origin("https://bank.example@evil.example:8443/")
    'https://evil.example:8443'
    """
    parts = urlsplit(target)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if host else f"{parts.scheme}:"


def form_target(target: str) -> str:
    """The same for a content security policy, which can't name IPv6 addresses.

    >>> form_target("http://[::1]:8080/back"), form_target("https://app.example/back")
    ('http:', 'https://app.example')
    """
    found = origin(target)
    return found if _SOURCE.fullmatch(found) else f"{urlsplit(target).scheme}:"
