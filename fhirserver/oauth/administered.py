"""A client as an administrator registers it: unlike one that registers itself also a service.

Members of the JSON are those that `/admin/clients` shows: name, kind, redirectUris, launchUri,
scope, jwks, jwksUri, isService, isTrusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from fhirserver import ids
from fhirserver.access.enforcement import check
from fhirserver.access.scopes import scopes, words
from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.oauth.client_keys import check_key_set
from fhirserver.oauth.pinned_fetch import PinnedFetch, check_address
from fhirserver.oauth.registration import MOST_REDIRECTS, check_redirect
from fhirserver.storage.clients import Client, Kind, new_secret

MEMBERS: Final = frozenset(
    [
        "name", "kind", "redirectUris", "launchUri", "scope", "jwks", "jwksUri", "isService",
        "isTrusted",
    ]
)  # fmt: skip
_LONGEST_NAME: Final = 200


def client_of(
    asked: Mapping[str, Any], context: Context, fetch: PinnedFetch
) -> tuple[Client, str | None]:
    """The client, and its secret if it gets one. Raises Invalid, with the member's name."""
    if unknown := sorted(set(asked) - MEMBERS):
        raise Invalid(f"{unknown[0][:40]!r} is none of {', '.join(sorted(MEMBERS))}")
    is_service = asked.get("isService", False) is True
    wanted = "asymmetric" if is_service else asked.get("kind", "public")
    kind: Kind | None = next((k for k in get_args(Kind) if k == wanted), None)
    if kind is None:
        raise Invalid(f"kind is one of {', '.join(get_args(Kind))}", expression="kind")
    redirects = asked.get("redirectUris", [])
    if not isinstance(redirects, list) or len(redirects) > MOST_REDIRECTS:
        raise Invalid(f"at most {MOST_REDIRECTS} addresses", expression="redirectUris")
    if not redirects and not is_service:
        raise Invalid("an app needs an address that codes go to", expression="redirectUris")
    jwks, jwks_uri = asked.get("jwks"), _text(asked, "jwksUri")
    if (kind == "asymmetric") != (jwks is not None or jwks_uri is not None):
        raise Invalid("a service, and what is asymmetric, needs jwks or jwksUri; others don't",
                      expression="jwks")  # fmt: skip
    if jwks_uri is not None:
        check_address(fetch, jwks_uri, "jwksUri")
    secret, stored = new_secret() if kind == "symmetric" else (None, None)
    launch_uri = _text(asked, "launchUri")
    made = Client(
        id=ids.new(),
        name=_name(asked),
        kind=kind,
        secret=stored,
        redirect_uris=tuple(dict.fromkeys(_redirect(str(r), "redirectUris") for r in redirects)),
        grant_types=(
            ("client_credentials",) if is_service else ("authorization_code", "refresh_token")
        ),
        scope=scope_of(asked.get("scope"), context),
        jwks=None if jwks is None else check_key_set(jwks),
        jwks_uri=jwks_uri,
        launch_uri=None if launch_uri is None else _redirect(launch_uri, "launchUri"),
        is_trusted=asked.get("isTrusted", False) is True,
    )
    return made, secret


def scope_of(asked: object, context: Context) -> str:
    """The most that a client may ask for. Raises Invalid for scopes that mean nothing here."""
    if not isinstance(asked, str) or not asked.strip():
        raise Invalid("scope says what it may ask for at most, such as patient/*.rs",
                      expression="scope")  # fmt: skip
    try:
        check(scopes(asked), context.parameters, context.site)
        return " ".join(words(asked))
    except Invalid as error:
        raise Invalid(str(error), expression="scope") from error


def _redirect(address: str, member: str) -> str:
    try:
        return check_redirect(address)
    except Invalid as error:
        raise Invalid(str(error), expression=member) from error


def _name(asked: Mapping[str, Any]) -> str:
    name = _text(asked, "name")
    if name is None or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid(f"name is a text of at most {_LONGEST_NAME} characters", expression="name")
    return name


def _text(asked: Mapping[str, Any], member: str) -> str | None:
    value = asked.get(member)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid(f"{member} is a text", expression=member)
    return value.strip() or None
