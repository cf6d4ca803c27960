"""Changes in steps, of which each sees what the ones before have written: all are kept, or none.

A transaction Bundle knows all its changes beforehand; what is to be changed here turns up on the
way, such as all that refers to a patient.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from fhirserver.errors import Conflict, Forbidden
from fhirserver.interactions.commit import ATTEMPTS
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, Intent
from fhirserver.interactions.recording import on_record
from fhirserver.interactions.writing import written
from fhirserver.storage.database import Connection, Stale
from fhirserver.storage.holding import lock_current
from fhirserver.storage.rows import Version

R = TypeVar("R")


class Steps:
    """What can be done inside one database transaction."""

    def __init__(self, ctx: Context, connection: Connection) -> None:
        self._ctx = ctx
        self._connection = connection

    @property
    def connection(self) -> Connection:
        """What the transaction runs on, for locks of another kind."""
        return self._connection

    def locked(
        self, resource_type: str, ids: Iterable[str], *, all_of_them: bool = False
    ) -> dict[str, Version]:
        """The current versions of these ids, which nobody else can change from now on.

        Raises Forbidden when the caller may not change one of them; with `all_of_them` also when
        one isn't there for the caller.
        """
        guard = self._ctx.store.guard
        held = lock_current(self._connection, guard, resource_type, ids)
        if any(not h.may_update and (h.is_there or all_of_them) for h in held.values()):
            raise Forbidden(f"this would change {resource_type} resources that you may not change")
        return {i: h.version for i, h in held.items() if h.is_there}

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read meanwhile sees what has been written."""
        with self._ctx.store.database.reading_inside():
            yield

    def write(self, intents: Sequence[Intent], old: Iterable[Version] = ()) -> list[Done]:
        """Carry out creates, and updates of the locked versions `old`; all with an id."""
        before: dict[tuple[str, str | None], Version] = {(v.type, v.id): v for v in old}
        done = written(self._ctx, self._connection, dict(enumerate(intents)), before)
        return [done[n] for n in range(len(intents))]


def in_steps(ctx: Context, act: Callable[[Steps], R]) -> R:
    """Do all of `act` in one database transaction, and again when others were faster."""
    for attempt in range(ATTEMPTS):
        try:
            with ctx.store.database.transaction() as connection, on_record(connection):
                return act(Steps(ctx, connection))
        except Stale:
            time.sleep(random.random() * 0.002 * attempt**2)  # noqa: S311 - jitter
    raise Conflict("other changes to the same resources kept coming first: try again")
