"""The peers that are known here, as their Endpoints say it by now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dicom_gateway.partners.identifying import Call, identified
from dicom_gateway.partners.peer import CONNECTION_TYPE, Peer, peer_of
from fhirserver.model.resource import Resource
from fhirserver.partners import FRESH_SECONDS, Known

Endpoints = Callable[[str], Sequence[Resource]]


class Directory:
    """Who may call. What is changed holds after some seconds; for who isn't known yet, at once.

    `endpoints` gives the Endpoints of a type of connection.
    """

    def __init__(self, endpoints: Endpoints) -> None:
        self._peers = Known(lambda: endpoints(CONNECTION_TYPE), peer_of, "dicom_peer_unusable")

    def who(self, call: Call) -> Peer | None:
        """The peer who calls. Who isn't known may have been entered just now."""
        return self._peers.sought(lambda peers: identified(peers, call))

    def named(self, id_: str) -> Peer | None:
        """The peer with this id: the sender of what is on record."""
        return self._first(lambda p: p.id == id_)

    def titled(self, ae_title: str) -> Peer | None:
        """A peer with this AE title that can be reached: the destination of a C-MOVE."""
        return self._first(lambda p: p.ae_title == ae_title and p.host is not None)

    def known(self, seconds: float = FRESH_SECONDS) -> tuple[Peer, ...]:
        """All of them, as they were so many seconds ago or later."""
        return self._peers.all(seconds)

    def _first(self, is_wanted: Callable[[Peer], bool]) -> Peer | None:
        return self._peers.sought(lambda peers: next(filter(is_wanted, peers), None))
