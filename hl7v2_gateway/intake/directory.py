"""The senders that are known here, as their Endpoints say it by now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid
from hl7v2_gateway.partners import Call, Sender, identified, sender_of
from hl7v2_gateway.partners.members import CONNECTION_TYPE

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 5.0

Endpoints = Callable[[str], Sequence[dict[str, Any]]]


class Directory:
    """Who may send. What is changed holds after some seconds; for who isn't known yet, at once."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._known: tuple[Sender, ...] = ()
        self._read = float("-inf")
        self._lock = threading.Lock()

    def who(self, call: Call) -> Sender | None:
        """The sender who calls. Who isn't known may have been entered just now."""
        called = time.monotonic()
        found = identified(self.known(), call)
        return identified(self._known_at(called), call) if found is None else found

    def named(self, id_: str) -> Sender | None:
        """The sender with this id, which a message on record has: another process knew it already.

        So this one looks again, however lately it did: a message isn't given up for that.
        """
        asked = time.monotonic()
        for moment in (asked - FRESH_SECONDS, asked):
            for sender in self._known_at(moment):
                if sender.id == id_:
                    return sender
        return None

    def known(self, seconds: float = FRESH_SECONDS) -> tuple[Sender, ...]:
        """All of them, as they were so many seconds ago or later."""
        return self._known_at(time.monotonic() - seconds)

    def _known_at(self, moment: float) -> tuple[Sender, ...]:
        """All of them, as they were then or later.

        Who waits while another looks takes what that one finds, if it began late enough: strangers
        who call all at once cost one look after the other, not one each.
        """
        if self._read < moment:
            with self._lock:
                if self._read < moment:
                    begun = time.monotonic()
                    self._known = self._senders()
                    self._read = begun
        return self._known

    def _senders(self) -> tuple[Sender, ...]:
        found: list[Sender] = []
        try:
            endpoints = self._endpoints(CONNECTION_TYPE)
        except FhirError:
            if self._read < 0:
                raise
            # As they were is better than nobody.
            return self._known
        for endpoint in endpoints:
            try:
                sender = sender_of(endpoint)
            except Invalid as error:
                log.warning(
                    "hl7v2_sender_unusable",
                    extra={"endpoint": endpoint["id"], "reason": str(error)},
                )
                continue
            if sender is not None:
                found.append(sender)
        return tuple(found)
