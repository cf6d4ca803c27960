"""The partners of a gateway that are known here, as their Endpoints say it by now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from fhirserver.errors import FhirError, Invalid
from fhirserver.model.resource import Resource

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 5.0

Partner = TypeVar("Partner")


class Known(Generic[Partner]):
    """Who they are. What is changed holds after some seconds; for who isn't known yet, at once.

    `endpoints` gives all that may be partners, and `partner_of` makes one of them, None of who is
    none; of whom it raises Invalid is logged as `unusable` and left out.
    """

    def __init__(
        self,
        endpoints: Callable[[], Sequence[Resource]],
        partner_of: Callable[[Resource], Partner | None],
        unusable: str,
    ) -> None:
        self._endpoints = endpoints
        self._partner_of = partner_of
        self._unusable = unusable
        self._known: tuple[Partner, ...] = ()
        self._read = float("-inf")
        self._lock = threading.Lock()

    def all(self, seconds: float = FRESH_SECONDS) -> tuple[Partner, ...]:
        """All of them, as they were so many seconds ago or later."""
        return self._at(time.monotonic() - seconds)

    def sought(self, choose: Callable[[Sequence[Partner]], Partner | None]) -> Partner | None:
        """Who is chosen. Where nobody is, they may have been entered just now: it looks again."""
        asked = time.monotonic()
        found = choose(self._at(asked - FRESH_SECONDS))
        return choose(self._at(asked)) if found is None else found

    def _at(self, moment: float) -> tuple[Partner, ...]:
        """All of them, as they were then or later.

        Who waits while another looks takes what that one finds, if it began late enough: strangers
        who call all at once cost one look after the other, not one each.
        """
        if self._read < moment:
            with self._lock:
                if self._read < moment:
                    begun = time.monotonic()
                    self._known = self._looked_up()
                    self._read = begun
        return self._known

    def _looked_up(self) -> tuple[Partner, ...]:
        found: list[Partner] = []
        try:
            endpoints = self._endpoints()
        except FhirError:
            if self._read < 0:
                raise
            # As they were is better than nobody.
            return self._known
        for endpoint in endpoints:
            try:
                partner = self._partner_of(endpoint)
            except Invalid as error:
                extra = {"endpoint": endpoint["id"], "reason": str(error)}
                log.warning(self._unusable, extra=extra)
                continue
            if partner is not None:
                found.append(partner)
        return tuple(found)
