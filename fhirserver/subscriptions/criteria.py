"""The searches that subscriptions wait for, understood once and kept for a while.

They are understood with the rights of the server to choose candidates, and once more with those of
the subscriber when something is delivered.
"""

from __future__ import annotations

import time
from typing import Final

from fhirserver.engine import Engine
from fhirserver.errors import FhirError
from fhirserver.interactions.subscribing import SERVER, condition
from fhirserver.search.query import And, Condition

# What a value set has changed to is seen after so long.
KEPT_SECONDS: Final = 30.0
MOST_KEPT: Final = 20_000
EVERYTHING: Final = And(())


class Searches:
    """Understands searches, without anybody's rights."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, str], tuple[object, float, Condition]] = {}

    def condition(self, kind: str, query: str) -> Condition:
        """What a search asks for; everything, where it can't be understood any longer.

        Then whoever delivers finds out, and tells the subscriber.
        """
        generation, now = self._engine.context.parameters.generation, time.monotonic()
        known = self._known.get((kind, query))
        if known is not None and known[0] == generation and now < known[1]:
            return known[2]
        try:
            made = condition(self._engine.own_context, SERVER, kind, query)
        except FhirError:
            made = EVERYTHING
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[kind, query] = (generation, now + KEPT_SECONDS, made)
        return made
