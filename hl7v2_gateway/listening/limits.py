"""What a listener puts up with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fhirserver.settings import Settings

SETTLE_SECONDS: Final = 0.5
"""So long after an end mark nothing else comes: its return was left out."""
HANDSHAKE_SECONDS: Final = 10.0
DRAIN_SECONDS: Final = 30.0
_WAITING: Final = 4
"""Times the largest message."""
UNDER_WAY: Final = 32
"""Messages of one connection that may wait for their answer; more aren't read meanwhile."""


@dataclass(frozen=True, slots=True)
class Limits:
    """See the settings of the same names."""

    message_bytes: int = 50_000_000
    message_seconds: float = 30.0
    idle_seconds: float | None = None
    connections: int = 500
    per_address: int = 100
    allowed: tuple[str, ...] = ()
    waiting_bytes: int = 200_000_000
    """Of messages that wait for their answer, on all connections together."""


def limits_of(settings: Settings) -> Limits:
    """The limits that a site has set."""
    return Limits(
        message_bytes=settings.hl7v2_max_message_bytes,
        message_seconds=settings.mllp_message_seconds,
        idle_seconds=settings.mllp_idle_seconds or None,
        connections=settings.mllp_max_connections,
        per_address=settings.mllp_max_connections_per_address,
        waiting_bytes=_WAITING * settings.hl7v2_max_message_bytes,
        allowed=tuple(settings.mllp_allowed.replace(",", " ").split()),
    )
