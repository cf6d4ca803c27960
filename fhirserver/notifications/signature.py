"""The signature of a notification, by which a subscriber knows that it is from us, and fresh.

    X-Signature: t=1795953600,sha256=5f2b...

HMAC-SHA256 (RFC 2104) under the subscription's secret of `TIME.SUBSCRIPTION.NUMBER.` and the body,
where NUMBER is X-Event-Number or empty.
"""

from __future__ import annotations

import hashlib
import hmac

from fhirserver import clock


def signed(secret: bytes, subscription: str, number: int | None, body: bytes) -> str:
    """The value of the header.

    >>> signed(b"s", "1", 7, b"").partition("sha256=")[2] != ""
    True
    """
    moment = int(clock.now().timestamp())
    shown = "" if number is None else str(number)
    said = f"{moment}.{subscription}.{shown}.".encode() + body
    return f"t={moment},sha256={hmac.new(secret, said, hashlib.sha256).hexdigest()}"
