"""The senders that are known here, as their Endpoints say it by now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhirserver.model.resource import Resource
from fhirserver.partners import FRESH_SECONDS, Known
from hl7v2_gateway.partners import Call, Sender, identified, sender_of
from hl7v2_gateway.partners.members import CONNECTION_TYPE

Endpoints = Callable[[str], Sequence[Resource]]


class Directory:
    """Who may send. What is changed holds after some seconds; for who isn't known yet, at once.

    `endpoints` gives the Endpoints of a type of connection.
    """

    def __init__(self, endpoints: Endpoints) -> None:
        self._senders = Known(
            lambda: endpoints(CONNECTION_TYPE), sender_of, "hl7v2_sender_unusable"
        )

    def who(self, call: Call) -> Sender | None:
        """The sender who calls. Who isn't known may have been entered just now."""
        return self._senders.sought(lambda senders: identified(senders, call))

    def named(self, id_: str) -> Sender | None:
        """The sender with this id, which a message on record has: another process knew it already.

        So this one looks again, however lately it did: a message isn't given up for that.
        """
        return self._senders.sought(lambda ss: next((s for s in ss if s.id == id_), None))

    def known(self, seconds: float = FRESH_SECONDS) -> tuple[Sender, ...]:
        """All of them, as they were so many seconds ago or later."""
        return self._senders.all(seconds)
