"""The peers that are known here, as their Endpoints say it by now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from dicom_gateway.partners.identifying import Call, identified
from dicom_gateway.partners.peer import CONNECTION_TYPE, Peer, peer_of
from fhirserver.errors import FhirError, Invalid
from fhirserver.model.resource import Resource

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 5.0

Endpoints = Callable[[str], Sequence[Resource]]


class Directory:
    """Who may call. What is changed holds after some seconds; for who isn't known yet, at once.

    `endpoints` gives the Endpoints of a type of connection.
    """

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._known: tuple[Peer, ...] = ()
        self._read = float("-inf")
        self._lock = threading.Lock()

    def who(self, call: Call) -> Peer | None:
        """The peer who calls. Who isn't known may have been entered just now."""
        called = time.monotonic()
        found = identified(self._known_at(called - FRESH_SECONDS), call)
        return identified(self._known_at(called), call) if found is None else found

    def named(self, id_: str) -> Peer | None:
        """The peer with this id: the sender of what is on record."""
        return self._first(lambda p: p.id == id_)

    def titled(self, ae_title: str) -> Peer | None:
        """A peer with this AE title that can be reached: the destination of a C-MOVE."""
        return self._first(lambda p: p.ae_title == ae_title and p.host is not None)

    def known(self, seconds: float = FRESH_SECONDS) -> tuple[Peer, ...]:
        """All of them, as they were so many seconds ago or later."""
        return self._known_at(time.monotonic() - seconds)

    def _first(self, is_wanted: Callable[[Peer], bool]) -> Peer | None:
        asked = time.monotonic()
        for moment in (asked - FRESH_SECONDS, asked):
            for peer in self._known_at(moment):
                if is_wanted(peer):
                    return peer
        return None

    def _known_at(self, moment: float) -> tuple[Peer, ...]:
        """All of them, as they were then or later.

        Who waits while another looks takes what that one finds, if it began late enough: strangers
        who call all at once cost one look after the other, not one each.
        """
        if self._read < moment:
            with self._lock:
                if self._read < moment:
                    begun = time.monotonic()
                    self._known = self._peers()
                    self._read = begun
        return self._known

    def _peers(self) -> tuple[Peer, ...]:
        found: list[Peer] = []
        try:
            endpoints = self._endpoints(CONNECTION_TYPE)
        except FhirError:
            if self._read < 0:
                raise
            # As they were is better than nobody.
            return self._known
        for endpoint in endpoints:
            try:
                peer = peer_of(endpoint)
            except Invalid as error:
                log.warning(
                    "dicom_peer_unusable", extra={"endpoint": endpoint["id"], "reason": str(error)}
                )
                continue
            if peer is not None:
                found.append(peer)
        return tuple(found)
