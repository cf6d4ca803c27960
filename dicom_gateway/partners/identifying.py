"""Which of the known peers calls."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dicom_gateway.partners.peer import Peer
from fhirserver.partners import is_within

_OPEN: Final = frozenset(["store", "commit"])


@dataclass(frozen=True, slots=True)
class Call:
    """Who says to be calling, and what the connection shows.

    `certificate` is the SHA-256 fingerprint of the certificate that was shown and checked.
    """

    ae_title: str
    address: str | None = None
    certificate: str | None = None


def identified(peers: Sequence[Peer], call: Call) -> Peer | None:
    """The peer who calls, or None.

    The title must be its own; one with certificates must show one of them, and one with addresses
    must call from there. Of several the one wins that has shown more.

    >>> ct = Peer("1", "CT", "CT1", addresses=("10.0.0.0/8",))
    >>> identified([ct], Call("CT1", "10.1.2.3")) == ct
    True
    >>> identified([ct], Call("CT1", "192.0.2.1")) is None
    True
    """
    found = [p for p in peers if p.ae_title == call.ae_title and _is_shown(p, call)]
    return max(found, key=lambda p: (bool(p.certificates), bool(p.addresses)), default=None)


def open_peer(call: Call) -> Peer:
    """A peer that nobody has entered, where the site lets all in: it may send, and sees nothing.

    >>> open_peer(Call("CT 1")).id
    'open-CT-1'
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", call.ae_title)
    if name.replace("-", " ") != call.ae_title:
        # What the name leaves out must not make two systems one.
        name = f"{name}-{hashlib.sha256(call.ae_title.encode()).hexdigest()[:12]}"
    return Peer(f"open-{name}", call.ae_title, call.ae_title, may=_OPEN)


def _is_shown(peer: Peer, call: Call) -> bool:
    if peer.certificates and call.certificate not in peer.certificates:
        return False
    return not peer.addresses or is_within(call.address, peer.addresses)
