"""The keys of the chain of seals, and what they make: links, and signed statements.

A link is HMAC-SHA-256(key, link before + number + SHA-256 of the event). Whoever can write into the
database but doesn't have the key can't make one; whoever has the chain's public key can check the
signed statements elsewhere. Ed25519: https://www.rfc-editor.org/rfc/rfc8032
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fhirserver.keys.sealer import Sealer
from fhirserver.model import json
from fhirserver.storage.audit_seals import Signed
from fhirserver.storage.content import instant
from fhirserver.storage.database import Database
from fhirserver.storage.secrets import shared_key

GENESIS: Final = bytes(32)
"""What the first link is made over."""


@dataclass(frozen=True, slots=True)
class ChainKeys:
    """`mac` makes links, `signer` signs."""

    mac: bytes
    signer: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        """What checks signatures."""
        return self.signer.public_key()

    @property
    def public_text(self) -> str:
        """The public key as PEM."""
        info = PublicFormat.SubjectPublicKeyInfo
        return self.public.public_bytes(Encoding.PEM, info).decode()

    @property
    def name(self) -> str:
        """What the public key, and with it the chain, is called in statements."""
        raw = self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:32]

    def link(self, before: bytes, seq: int, digest: bytes) -> bytes:
        """The link of an event."""
        return hmac.digest(self.mac, before + seq.to_bytes(8, "big") + digest, "sha256")

    def sign(self, kind: str, seq: int, mac: bytes, made: datetime, **more: Any) -> Signed:
        """A statement that the link of this number is this one, signed."""
        content = {"kind": kind, "chain": self.name, "seq": seq, "mac": mac.hex()}
        statement = json.dump_sorted({**content, "made": instant(made), **more}).decode()
        return Signed(seq, mac, made, statement, self.signer.sign(statement.encode()))

    def is_ours(self, signed: Signed) -> bool:
        """Whether a statement was signed with our key."""
        try:
            self.public.verify(signed.signature, signed.statement.encode())
        except InvalidSignature:
            return False
        return True


def chain_keys(database: Database, sealer: Sealer) -> ChainKeys:
    """The keys that all servers on this database share."""
    return ChainKeys(
        shared_key(database, sealer, "audit-chain"),
        Ed25519PrivateKey.from_private_bytes(shared_key(database, sealer, "audit-checkpoint")),
    )


def digest(text: str) -> bytes:
    """The digest of an event's canonical text."""
    return hashlib.sha256(text.encode()).digest()


def stated(signed: Signed) -> tuple[int, bytes]:
    """The number and the link that a statement is about."""
    content = json.parse_object(signed.statement.encode())
    return int(content["seq"]), bytes.fromhex(content["mac"])
