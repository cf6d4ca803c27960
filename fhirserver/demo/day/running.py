"""A demo day that goes on until it is stopped, also when the server is away for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Final

import httpx

from fhirserver import clock
from fhirserver.demo.day.client import Refused
from fhirserver.demo.day.pace import Pace
from fhirserver.demo.day.player import Player

log = logging.getLogger(__name__)

LONGEST_PAUSE: Final = 2.0
SHORTEST_PAUSE: Final = 0.1
AFTER_TROUBLE: Final = 3.0
AHEAD: Final = timedelta(hours=6)
BUSY: Final = 429


def run(player: Player, speed: float, stop: Event, ready: Callable[[], bool]) -> None:
    """Play until `stop` is set, from when the demo hospital is `ready`."""
    while not stop.is_set():
        try:
            if ready():
                _run(player, speed, stop)
        except httpx.TransportError as error:
            log.warning("demo_day_waits", extra={"error": type(error).__name__})
        except Refused as error:
            if error.status < 500 and error.status != BUSY:
                raise
            log.warning("demo_day_waits", extra={"status": error.status})
        stop.wait(AFTER_TROUBLE)


def _run(player: Player, speed: float, stop: Event) -> None:
    now = clock.now()
    pace = Pace(now, player.begin(now), speed)
    while not stop.is_set():
        now = clock.now()
        player.play(pace.moment(now))
        due = player.next(pace.moment(now) + AHEAD)
        wait = LONGEST_PAUSE if due is None else pace.seconds_until(due, clock.now())
        stop.wait(max(SHORTEST_PAUSE, min(wait, LONGEST_PAUSE)))
