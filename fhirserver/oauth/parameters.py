"""The parameters of a request, read strictly: each once, in printable ASCII, of sane length.

https://www.rfc-editor.org/rfc/rfc6749#section-3.1, appendix A
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from flask import Request
from werkzeug.datastructures import Headers

from fhirserver.oauth.refusals import bad_client, bad_request

MOST_BYTES: Final = 65_536
"""The largest body of a request to one of the endpoints."""

_LONGEST: Final[dict[str, int]] = {"scope": 16_000, "client_assertion": 16_000}
_LONGEST_OTHER: Final = 2_000
FORM: Final = "application/x-www-form-urlencoded"


class SmartRequest(OAuth2Request):
    """A request as authlib takes it, from parameters that were read here."""

    def __init__(
        self,
        method: str,
        address: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`address` is one of ours as clients know it, whatever the HTTP server heard."""
        super().__init__(method, address, headers=dict(headers or {}))
        self.parameters: dict[str, str] = dict(parameters)
        self.payload = BasicOAuth2Payload(self.parameters)

    @property
    def args(self) -> dict[str, str]:
        return self.parameters

    @property
    def form(self) -> dict[str, str]:
        return self.parameters


def read_form(http: Request) -> dict[str, str]:
    """The parameters of a POST, which must all be in its body. Raises an OAuth2Error."""
    if http.query_string:
        raise bad_request("the parameters belong in the body, not in the address")
    if http.mimetype != FORM:
        raise bad_request(f"the body must be {FORM}")
    http.max_content_length = MOST_BYTES
    return read(http.form.items(multi=True))


def read_any(http: Request) -> dict[str, str]:
    """The parameters of the address and of a form together. Raises an OAuth2Error."""
    http.max_content_length = MOST_BYTES
    return read([*http.args.items(multi=True), *http.form.items(multi=True)])


def read(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name; those without a value are left out. Raises an OAuth2Error."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise bad_request(f"the parameter {name[:40]} is there twice")
        found[name] = value
        if len(value) > _LONGEST.get(name, _LONGEST_OTHER):
            raise bad_request(f"the parameter {name[:40]} is too long")
        if not all(" " <= c <= "~" for c in name + value):
            raise bad_request(f"the parameter {name[:40]} has a character that is not allowed")
        if name != "state" and ('"' in value or "\\" in value):
            raise bad_request(f"the parameter {name[:40]} has a character that is not allowed")
    return {name: value for name, value in found.items() if value}


def basic(headers: Headers) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic; None where it isn't used. Raises an OAuth2Error.

    https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
    """
    kind, _, given = str(headers.get("Authorization") or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise bad_client("the Authorization header can't be read") from error
    user, secret = unquote(user), unquote(secret)
    if not colon or not all(" " <= c <= "~" for c in user + secret):
        raise bad_client("the Authorization header can't be read")
    return user, secret
