"""Ways to reach a subscriber, a file for each, found by `registry.discover`.

    @channels.register("rest-hook")
    def rest_hook(outside: Outside, channel: Channel, notification: Notification) -> None: ...

It returns when the subscriber has the notification, and raises Undelivered when that isn't sure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from fhirserver.egress import Egress
from fhirserver.notifications.subscription import Channel
from fhirserver.registry import Registry
from fhirserver.settings import Settings

LONGEST_TIMEOUT: Final = 25.0
"""Less than half of a worker's lease of an item: nobody else begins before it is over."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What a subscriber is sent. `number` is that of the event; None where there is none.

    `about` is Type/id of the resource that the body is, of R4's own kind of subscription; a body of
    the Backport is a Bundle. `text` tells a person, without saying whom it is about.
    """

    subscription: str
    kind: Literal["event", "handshake", "heartbeat"]
    number: int | None = None
    body: bytes | None = None
    about: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outside:
    """What channels need of the server; `secret` signs what a subscription is sent."""

    settings: Settings
    egress: Egress
    secret: Callable[[str], bytes]


class Undelivered(Exception):
    """The subscriber didn't take it; the message says why, without what they answered.

    `is_final`: no further attempt would do any better.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


Send = Callable[[Outside, Channel, Notification], None]

channels: Registry[Send] = Registry("channel")
