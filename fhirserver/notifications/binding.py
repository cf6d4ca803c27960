"""Tokens by which a websocket is bound to subscriptions: signed, and good for a few minutes.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-get-ws-binding-token.html
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from fhirserver import clock
from fhirserver.errors import Unauthorized
from fhirserver.model import json

_LONGEST = 16_000


def binding_token(key: bytes, subscriptions: Sequence[str], until: int) -> str:
    """A token for subscriptions by their ids, until a moment in seconds since 1970.

    >>> bound_by(b"k", binding_token(b"k", ["a"], 4_000_000_000))
    ['a']
    """
    said = base64.urlsafe_b64encode(json.dump({"ids": list(subscriptions), "until": until}))
    return f"{said.decode()}.{_signed(key, said)}"


def bound_by(key: bytes, token: str) -> list[str]:
    """The ids that a token is for. Raises Unauthorized for one that isn't ours, or is too old."""
    said, _, given = token[:_LONGEST].partition(".")
    if not hmac.compare_digest(_signed(key, said.encode()).encode(), given.encode()):
        raise Unauthorized("the token isn't ours: ask for another by $get-ws-binding-token")
    found = json.parse_object(base64.urlsafe_b64decode(said))
    if found["until"] < clock.now().timestamp():
        raise Unauthorized("the token is too old: ask for another by $get-ws-binding-token")
    return [str(i) for i in found["ids"]]


def _signed(key: bytes, said: bytes) -> str:
    return hmac.new(key, b"binding." + said, "sha256").hexdigest()
