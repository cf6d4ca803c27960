"""Dynamic registration: an app makes itself known, where the operator lets it.

Whoever registers openly gets an app that acts for users, who each decide about it: never a service
with rights of its own. https://www.rfc-editor.org/rfc/rfc7591
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response, request

from fhirserver import clock, ids
from fhirserver.access.enforcement import check
from fhirserver.access.scopes import scope_of, words
from fhirserver.errors import FhirError, Invalid
from fhirserver.model import json
from fhirserver.oauth.client_keys import check_key_set
from fhirserver.oauth.parameters import MOST_BYTES
from fhirserver.oauth.pinned_fetch import PinnedFetch, check_address
from fhirserver.oauth.refusals import allowed
from fhirserver.oauth.registered import METHODS, PRIVATE_KEY
from fhirserver.oauth.server import SmartServer
from fhirserver.storage.clients import (
    Client,
    Kind,
    add_client_below,
    new_secret,
    use_initial_token,
)

MOST_REDIRECTS: Final = 20
_LONGEST: Final = 2_000
_DEEPEST: Final = 8
_GRANTS: Final = frozenset(["authorization_code", "refresh_token"])
_KIND: Final[dict[str, Kind]] = {m: kind for kind, ms in METHODS.items() for m in ms}
_TOLD: Final = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")


class Refused(OAuth2Error):
    """https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2"""

    error = "invalid_client_metadata"


class RefusedRedirect(Refused):
    error = "invalid_redirect_uri"


class NotInvited(OAuth2Error):
    error = "invalid_token"
    status_code = 401


def blueprint(server: SmartServer, fetch: PinnedFetch) -> Blueprint:
    """`/oauth/register`, unless nobody may register."""
    endpoint = Blueprint("register", __name__)
    if server.settings.client_registration == "off":
        return endpoint

    @endpoint.post("/oauth/register")
    def register() -> Response:
        request.environ["fhirserver.interaction"] = "register"
        return server.answered(lambda: _registered(server, fetch))

    return endpoint


def _registered(server: SmartServer, fetch: PinnedFetch) -> Response:
    is_invited = server.settings.client_registration == "token"
    request.max_content_length = MOST_BYTES
    try:
        asked = json.parse_object(request.get_data(), max_depth=_DEEPEST)
        client, secret = client_of(asked, server, fetch)
    except FhirError as error:
        raise Refused(allowed(str(error))) from error
    if is_invited:
        # After all else is right: a mistake doesn't use up the invitation.
        kind, _, given = (request.headers.get("Authorization") or "").partition(" ")
        if kind.lower() != "bearer" or not use_initial_token(server.database, given.strip()):
            raise NotInvited("a token of an invitation is needed")
    if not add_client_below(server.database, client, server.settings.max_clients):
        raise Refused("no more clients are taken: tell the administrator")
    return server.handle_response(201, _told(client, asked, secret), [])


def client_of(
    asked: dict[str, Any], server: SmartServer, fetch: PinnedFetch
) -> tuple[Client, str | None]:
    """The client that a registration describes, and its secret if it gets one.

    Raises Invalid, or an OAuth2Error.
    """
    if "software_statement" in asked:
        raise Invalid("software_statement: statements of others aren't taken")
    method = asked.get("token_endpoint_auth_method", "client_secret_basic")
    kind = _KIND.get(method) if isinstance(method, str) else None
    if kind is None:
        raise Invalid(f"token_endpoint_auth_method is none of {', '.join(sorted(_KIND))}")
    grants = asked.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or not grants or not set(map(str, grants)) <= _GRANTS:
        raise Invalid("grant_types are authorization_code and refresh_token")
    if asked.get("response_types", ["code"]) != ["code"]:
        raise Invalid("response_types is code")
    made = Client(
        id=ids.new(),
        name=_text(asked, "client_name") or "An app without a name",
        kind=kind,
        redirect_uris=_redirects(asked.get("redirect_uris")),
        grant_types=tuple(sorted(set(map(str, grants)) | {"authorization_code"})),
        scope=_scope(asked, server),
        launch_uri=_launch(_text(asked, "initiate_login_uri") or _text(asked, "launch_uri")),
        details={name: _link(asked, name) for name in _TOLD if asked.get(name)},
    )
    if kind == "asymmetric":
        jwks, jwks_uri = asked.get("jwks"), _text(asked, "jwks_uri")
        if (jwks is None) == (jwks_uri is None):
            raise Invalid(f"{PRIVATE_KEY} needs either jwks or jwks_uri")
        if jwks_uri is not None:
            check_address(fetch, jwks_uri, "jwks_uri")
        return replace(
            made, jwks=None if jwks is None else check_key_set(jwks), jwks_uri=jwks_uri
        ), None
    if kind == "symmetric":
        secret, stored = new_secret()
        return replace(made, secret=stored), secret
    return made, None


def check_redirect(address: str) -> str:
    """An address that codes may be sent to. Raises Invalid.

    https, or http on the user's own machine, or a scheme of an app named like its domain:
    https://www.rfc-editor.org/rfc/rfc8252#section-7
    """
    try:
        parts = urlsplit(address)
        port_is_sane = parts.port != 0
    except ValueError as error:
        raise Invalid("a redirect_uri is no address") from error
    plain = address.isascii() and address.isprintable() and not set(address) & set(' "<>\\^`{|}')
    if not plain or "#" in address or "@" in parts.netloc or len(address) > _LONGEST:
        raise Invalid("a redirect_uri is no plain address without fragment and user")
    if ".." in parts.path.split("/") or not port_is_sane:
        raise Invalid("a redirect_uri is no plain address")
    is_web = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    if not (is_web and parts.hostname) and not _SCHEME.fullmatch(parts.scheme):
        raise Invalid("a redirect_uri must be https, or http on the user's own machine")
    return address


def is_loopback(host: str | None) -> bool:
    """Whether a host is the machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _redirects(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not 0 < len(given) <= MOST_REDIRECTS:
        raise RefusedRedirect(f"redirect_uris is a list of 1 to {MOST_REDIRECTS} addresses")
    try:
        return tuple(dict.fromkeys(check_redirect(str(g)) for g in given))
    except Invalid as error:
        raise RefusedRedirect(allowed(str(error))) from error


def _launch(given: str | None) -> str | None:
    return None if given is None else check_redirect(given)


def _scope(asked: dict[str, Any], server: SmartServer) -> str:
    text = _text(asked, "scope")
    if text is None:
        raise Invalid("scope says what the app may ask for at most, such as patient/*.rs")
    found = words(text)
    scopes = [s for word in found if (s := scope_of(word)) is not None]
    check(scopes, server.context.parameters, server.context.site)
    if any(s.context == "system" for s in scopes):
        raise Invalid("system/ scopes are given by the administrator only")
    return " ".join(found)


def _text(asked: dict[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is None:
        return None
    longest = 16_000 if name == "scope" else _LONGEST
    if not isinstance(value, str) or not value.isprintable() or len(value) > longest:
        raise Invalid(f"{name} must be a text in one line")
    return value.strip() or None


def _link(asked: dict[str, Any], name: str) -> str:
    value = _text(asked, name) or ""
    if urlsplit(value).scheme != "https":
        raise Invalid(f"{name} must be https")
    return value


def _told(client: Client, asked: dict[str, Any], secret: str | None) -> dict[str, Any]:
    """https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1"""
    method = asked.get("token_endpoint_auth_method", "client_secret_basic")
    told: dict[str, Any] = {
        "client_id": client.id,
        "client_id_issued_at": _now(),
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": list(client.grant_types),
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "scope": client.scope,
        **client.details,
    }
    if secret is not None:
        told |= {"client_secret": secret, "client_secret_expires_at": 0}
    if client.jwks is not None:
        told["jwks"] = client.jwks
    if client.jwks_uri is not None:
        told["jwks_uri"] = client.jwks_uri
    if client.launch_uri is not None:
        told["initiate_login_uri"] = client.launch_uri
    return told


def _now() -> int:
    return int(clock.now().timestamp())
