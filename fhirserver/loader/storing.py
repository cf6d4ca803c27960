"""Storing what is wished, each unit in one transaction with its record, so never twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeVar

from fhirserver.errors import (
    Conflict,
    FhirError,
    Gone,
    NotFound,
    Unavailable,
    Unprocessable,
    VersionConflict,
)
from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.independent import commit_each
from fhirserver.interactions.intents import Done, Intent
from fhirserver.loader.contents import Wish
from fhirserver.storage import loaded
from fhirserver.storage.database import Database

# What another unit may supply: what is referred to, a version, the other side of a conflict.
WAITS: Final = (Unprocessable, NotFound, Gone, Conflict, VersionConflict)
# When so many in a row have to wait, the rest most likely has to as well.
PATIENCE: Final = 10
PAUSES_SECONDS: Final = (0.5, 1, 2, 4, 8, 15, 30)

Outcome = Done | FhirError | Literal["before", "later"]
"""What became of a wish; `before`: an earlier load stored it, `later`: it wasn't tried."""

R = TypeVar("R")


class _Raced(Exception):
    """Another worker has put the same content on record meanwhile."""


def is_finished(database: Database, digest: bytes) -> int | None:
    """How many resources a unit on record stands for; None for one that isn't."""
    return _patiently(lambda: loaded.finished(database, [digest])).get(digest)


def finish(database: Database, digest: bytes, resources: int) -> None:
    """Put a Bundle on record of which every entry has been stored."""
    _patiently(lambda: loaded.record(database, {digest: resources}))


def store_whole(
    ctx: Context, intents: Sequence[Intent], digest: bytes, *, is_again: bool
) -> list[Done] | None:
    """Store a transaction; None when another worker has done so. Raises FhirError."""
    record = _recorder(ctx.store.database, {digest: len(intents)}, is_again=is_again)
    try:
        return _patiently(lambda: commit(ctx, intents, then=record))
    except _Raced:
        return None


def store_each(
    ctx: Context, wishes: Sequence[Wish], *, is_again: bool, is_last: bool
) -> Iterator[tuple[Wish, Outcome]]:
    """Store each wish that can be; what became of each. Raises Unavailable.

    Unless `is_last`, the rest is put off when many in a row have to wait for others.
    """
    left: list[tuple[Wish, Intent]] = []
    for wish in wishes:
        try:
            left.append((wish, wish.make()))
        except FhirError as error:
            yield wish, error
    pauses = iter(PAUSES_SECONDS)
    while left:
        if not is_again:
            left, before = _unfinished(ctx.store.database, left)
            yield from ((wish, "before") for wish, _ in before)
        done: dict[int, Outcome] = {}
        try:
            for number, outcome in _tried(ctx, left, is_again=is_again, is_last=is_last):
                done[number] = outcome
                yield left[number][0], outcome
        except _Raced:
            pass
        except Unavailable:
            pause = next(pauses, None)
            if pause is None:
                raise
            time.sleep(pause)
        left = [item for number, item in enumerate(left) if number not in done]


def _tried(
    ctx: Context, items: Sequence[tuple[Wish, Intent]], *, is_again: bool, is_last: bool
) -> Iterator[tuple[int, Outcome]]:
    def then(part: Sequence[int]) -> None:
        digests = {items[n][0].digest: 1 for n in part}
        _recorder(ctx.store.database, digests, is_again=is_again)()

    in_a_row = 0
    tried = -1
    for tried, outcome in commit_each(ctx, [intent for _, intent in items], then=then):
        if isinstance(outcome, Unavailable):
            raise outcome
        yield tried, outcome
        in_a_row = in_a_row + 1 if isinstance(outcome, WAITS) else 0
        if in_a_row == PATIENCE and not is_last:
            break
    yield from ((number, "later") for number in range(tried + 1, len(items)))


def _unfinished(
    database: Database, items: Sequence[tuple[Wish, Intent]]
) -> tuple[list[tuple[Wish, Intent]], list[tuple[Wish, Intent]]]:
    """What isn't on record, each content once, and the rest."""
    seen = set(_patiently(lambda: loaded.finished(database, [w.digest for w, _ in items])))
    left: list[tuple[Wish, Intent]] = []
    before: list[tuple[Wish, Intent]] = []
    for wish, intent in items:
        (before if wish.digest in seen else left).append((wish, intent))
        seen.add(wish.digest)
    return left, before


def _recorder(
    database: Database, digests: Mapping[bytes, int], *, is_again: bool
) -> Callable[[], None]:
    def record() -> None:
        if loaded.record(database, digests) < len(digests) and not is_again:
            raise _Raced

    return record


def _patiently(act: Callable[[], R]) -> R:
    """Do something again when the database is away for a moment."""
    for pause in PAUSES_SECONDS:
        try:
            return act()
        except Unavailable:
            time.sleep(pause)
    return act()
