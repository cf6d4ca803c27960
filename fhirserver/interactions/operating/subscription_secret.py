"""The secret by which what a subscription is sent is signed: nobody stores it.

It follows from a key that the servers of one database share, and the subscription's id.
"""

from __future__ import annotations

import hashlib
import hmac

from fhirserver.interactions.context import Context
from fhirserver.keys.sealer import Sealer
from fhirserver.storage.secrets import shared_key


def key_of(ctx: Context) -> bytes:
    """The key of all subscriptions."""
    return shared_key(ctx.store.database, Sealer(ctx.store.sealing.keyring), "subscriptions")


def secret_of(ctx: Context, subscription: str) -> bytes:
    """The secret of the subscription with that id, as the text that its owner is told."""
    return (
        hmac.new(key_of(ctx), b"secret." + subscription.encode(), hashlib.sha256)
        .hexdigest()
        .encode()
    )
