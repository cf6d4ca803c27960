"""One poll of the change log for all who listen, and one guarded read for each who may be told.

What is of no interest to a listener by type or patient is left out in memory; what remains is
looked at with the rights that the token has at that moment. While nobody listens, nothing is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from fhirserver.errors import FhirError, Unauthorized
from fhirserver.storage.change_feed import Place
from fhirserver.storage.database import Database
from fhirserver.web.authentication import Authenticator
from fhirserver.web.push.listener import Listener
from fhirserver.web.push.source import Source, Step, Told

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.2
LONGEST_PAUSE: Final = 5.0
THREADS: Final = 4
CHECKED_AT_ONCE: Final = 50

T = TypeVar("T")


class Hub:
    """Everybody who listens."""

    def __init__(self, database: Database, source: Source, authenticator: Authenticator) -> None:
        self.source = source
        self.id = ""
        """Stands for the place up to which everybody has been told."""
        self._authenticator = authenticator
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="push")
        self._listeners: set[Listener] = set()
        self._new: dict[Listener, asyncio.Future[None]] = {}
        self._by_token: Counter[str] = Counter()
        self._somebody = asyncio.Event()
        self._place: Place | None = None
        self._epoch: int | None = None
        self._checking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._listeners) + len(self._new)

    def of(self, authorization: str) -> int:
        """How many listen with this token."""
        return self._by_token[authorization]

    async def blocking(self, act: Callable[..., T], *arguments: object) -> T:
        """Let a thread do what waits for the database."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, act, *arguments)

    async def join(self, listener: Listener) -> None:
        """Listen from now on: it returns when whatever is committed later will be told."""
        joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._new[listener] = joined
        self._by_token[listener.authorization] += 1
        self._somebody.set()
        await joined

    def leave(self, listener: Listener) -> None:
        """Listen no longer, after having joined."""
        self._new.pop(listener, None)
        self._listeners.discard(listener)
        self._by_token[listener.authorization] -= 1
        if not self._by_token[listener.authorization]:
            del self._by_token[listener.authorization]

    async def run(self) -> None:
        """Poll until cancelled."""
        failures = 0
        while True:
            if not len(self):
                self._place = None
                self._somebody.clear()
                await self._somebody.wait()
            try:
                has_more = await self._turn()
                failures = 0
            except Exception as error:
                failures, has_more = failures + 1, False
                log.warning(
                    "push_failed",
                    extra={"error": str(error)},
                    exc_info=None if isinstance(error, FhirError) else error,
                )
            if not has_more:
                await asyncio.sleep(min(POLL_SECONDS * 2.0 ** min(failures, 10), LONGEST_PAUSE))

    async def _turn(self) -> bool:
        new = dict(self._new)
        step = await self.blocking(self.source.step, self._place)
        if step.told:
            await self._tell(step)
        self._place, self.id = step.place, step.id
        if self._epoch != step.epoch and (self._checking is None or self._checking.done()):
            self._epoch = step.epoch
            self._checking = asyncio.create_task(self._check())
        for listener, joined in new.items():
            if self._new.pop(listener, None) is not None:
                self._listeners.add(listener)
            if not joined.done():
                joined.set_result(None)
        return step.has_more

    async def _tell(self, step: Step) -> None:
        """Everybody what they want and may hear of; those with one token are asked for at once."""
        by_token: dict[str, dict[Listener, list[Told]]] = {}
        for listener in self._listeners:
            wanted = [t for t in step.told if listener.wanted.takes(t.change.type, t.owner)]
            if wanted:
                by_token.setdefault(listener.authorization, {})[listener] = wanted
        await asyncio.gather(*(self._tell_one(a, of) for a, of in by_token.items()))

    async def _tell_one(self, authorization: str, wanted: dict[Listener, list[Told]]) -> None:
        together = {t.change.seq: t for of in wanted.values() for t in of}
        try:
            keys = await self.blocking(self._shown, authorization, list(together.values()))
        except Unauthorized:
            for listener in wanted:
                listener.finish("token")
        except Exception as error:  # noqa: BLE001 - it must not be lost: they come back for it
            log.warning("push_read_failed", extra={"error": type(error).__name__})
            for listener in wanted:
                listener.finish("trouble")
        else:
            for listener, told in wanted.items():
                listener.put(t for t in told if t.change.key in keys)

    def _shown(self, authorization: str, told: Sequence[Told]) -> set[int]:
        return self.source.shown(self._authenticator.principal(authorization), told)

    async def _check(self) -> None:
        """Rights or tokens have changed: end what hangs on a token that no longer holds."""
        tokens = list({listener.authorization for listener in self._listeners})
        for start in range(0, len(tokens), CHECKED_AT_ONCE):
            some = tokens[start : start + CHECKED_AT_ONCE]
            try:
                over = await self.blocking(self._over, some)
            except FhirError:
                # With the next number everything is looked at again.
                self._epoch = None
                return
            for listener in self._listeners:
                if listener.authorization in over:
                    listener.finish("token")

    def _over(self, authorizations: Sequence[str]) -> set[str]:
        found = set()
        for one in authorizations:
            try:
                self._authenticator.principal(one)
            except Unauthorized:
                found.add(one)
        return found
