"""What goes wrong on an association."""

from __future__ import annotations


class NoContext(LookupError):
    """The other side hasn't accepted a presentation context for this."""


class Ended(ConnectionError):
    """The association is over: released, aborted, or the connection has gone."""


class Refused(Ended):
    """The other side has refused the association (A-ASSOCIATE-RJ)."""


class ProtocolError(Exception):
    """What the other side has sent is against PS3.8; the association is to be aborted.

    `reason` is that of the A-ABORT (PS3.8 table 9-26).
    """

    def __init__(self, message: str, reason: int = 0) -> None:
        super().__init__(message)
        self.reason = reason


class TooSlow(Exception):
    """The other side has let a timer run out."""
