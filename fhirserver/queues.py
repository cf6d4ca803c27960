"""Durable queues: what is to be done outlives whoever does it.

    queues.add(connection, "subscription", [New(lane="sub-1", content={"change": 7})])
    done = work(database, "subscription", deliver, seconds=5)

PostgreSQL holds the items; a message of Celery only says that it is worth looking. Items of a lane
are done in order, one at a time; lanes don't wait for each other. Who takes items on has them for
a while: when that is over, somebody else takes them, and of a worker that died within seconds
(reactions/presence.py). So an item is done at least once, and `deliver` must not mind to be called
twice for one. What fails is tried again, later each time; what has failed too often, or raises
GiveUp, lies dead until somebody revives it, and its lane goes on.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from fhirserver import ids
from fhirserver.errors import FhirError
from fhirserver.storage.change_feed import Behind, Change, begin, behind, following, forget
from fhirserver.storage.database import Connection, Database
from fhirserver.storage.holders import (
    Seen,
    appear,
    lease_of,
    look,
    new_holder,
    release_all,
    vanish,
    with_leases,
)
from fhirserver.storage.queue_items import (
    Dead,
    Item,
    New,
    Standing,
    add,
    bury,
    dead,
    due,
    finish,
    put_back,
    release,
    revive,
    standing,
    take,
)

__all__ = [
    "FINISHED",
    "Act",
    "ActTogether",
    "Behind",
    "Change",
    "Connection",
    "Database",
    "Dead",
    "Finished",
    "GiveUp",
    "Item",
    "Later",
    "New",
    "Seen",
    "Standing",
    "add",
    "appear",
    "begin",
    "behind",
    "dead",
    "due",
    "finish",
    "following",
    "forget",
    "lease_of",
    "look",
    "new_holder",
    "release_all",
    "revive",
    "standing",
    "vanish",
    "with_leases",
    "work",
]  # fmt: skip

log = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 8
LONGEST_DELAY: Final = 3_600.0
LEASE_SECONDS: Final = 60.0
LANES_AT_ONCE: Final = 20
OF_A_LANE: Final = 50


# Where this process goes on among the lanes of a topic, so that all have their turn.
_reached: dict[tuple[str, bool], str] = {}


class Finished(Enum):
    """What `act` may return: see `work`."""

    FINISHED = "finished"


FINISHED: Final = Finished.FINISHED

Act = Callable[[Item], Finished | None]
"""Does an item."""


ActTogether = Callable[[Sequence[Item]], set[int]]
"""Does items of different lanes at once, and takes them off; the ids of those, maybe of none.

The others are done one by one. It doesn't raise.
"""


class GiveUp(Exception):
    """No further attempt would do any better; the message says why, without patient data."""


class Later(Exception):
    """An item isn't done and has to wait, so many seconds; the message says for what.

    Unless it is an attempt, it may wait as often as it likes.
    """

    def __init__(self, reason: str, seconds: float, *, is_attempt: bool = True) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.is_attempt = is_attempt


def delay(attempts: int) -> float:
    """Seconds until the next attempt: about 2, 4, 8 ... and at most an hour, never all at once.

    >>> 1 <= delay(1) <= 3 and delay(40) <= 1.5 * LONGEST_DELAY
    True
    """
    return min(2.0 ** min(attempts, 20), LONGEST_DELAY) * random.uniform(0.5, 1.5)  # noqa: S311


def work(
    database: Database,
    topic: str,
    act: Act,
    *,
    seconds: float,
    most_attempts: int = MOST_ATTEMPTS,
    lease_seconds: float = LEASE_SECONDS,
    lanes: int = LANES_AT_ONCE,
    of_a_lane: int = OF_A_LANE,
    only: Sequence[str] | None = None,
    without: Sequence[str] = (),
    new_lease: Callable[[], str] = ids.new,
    longest_delay: float = LONGEST_DELAY,
    together: ActTogether | None = None,
) -> int:
    """Do what is due of a topic, for about so long; how many items were done.

    `act` returns when an item is done; FINISHED when it has taken it off, too, with `finish` in a
    transaction of its own. Half of a lease is left for the item under way. The `lanes` that are
    taken on together, `of_a_lane` items of each, wait for each other; they are among `only`, where
    that is given, and none of those `without`. `together` is tried with the first items of several
    lanes, then with the next ones; `act` does what it leaves. What `new_lease` makes says whose
    they are. No more than `longest_delay` seconds pass between two attempts.
    """
    ends = time.monotonic() + seconds
    done, walk = 0, (topic, only is not None)
    while time.monotonic() < ends:
        lease, until = new_lease(), time.monotonic() + lease_seconds / 2
        after = _reached.get(walk, "")
        runs = take(
            database,
            topic,
            lease,
            lanes=lanes,
            most=of_a_lane,
            seconds=lease_seconds,
            after=after,
            only=only,
            without=without,
        )
        if not runs:
            break
        _reached[walk] = _last([run[0].lane for run in runs], after)
        is_lost = False
        # The lanes that are given back, each with its first item if that wasn't tried.
        back: dict[str, int] = {}
        first = {run[0].id for run in runs}
        if together is not None:
            done += _together(runs, together, min(until, ends))
        for run in runs:
            for item in run:
                if is_lost or time.monotonic() >= min(until, ends):
                    back[item.lane] = item.id if item.id in first else 0
                    break
                try:
                    is_finished = act(item) is FINISHED
                except Later as later:
                    _put_off(database, lease, item, later)
                    break
                except Exception as error:  # noqa: BLE001 - one item must not stop the others
                    if not _failed(database, lease, item, error, most_attempts, longest_delay):
                        break
                else:
                    if not is_finished and not finish(database, lease, [item.id]):
                        # Somebody else may have taken it all on, and be at what comes next.
                        is_lost = True
                        break
                    done += 1
        release(database, topic, lease, back)
    return done


def _together(runs: list[list[Item]], act: ActTogether, ends: float) -> int:
    """Do the first items of these lanes together, again and again; what is left stays in them.

    A lane whose first item isn't done that way is left as it is. Returns how many were done.
    """
    count, going = 0, [run for run in runs if run]
    while len(going) > 1 and time.monotonic() < ends:
        done = act([run[0] for run in going])
        going = [run for run in going if run[0].id in done]
        for run in going:
            del run[0]
        count += len(going)
        going = [run for run in going if run]
    return count


def _last(lanes: list[str], after: str) -> str:
    """The lane that a walk ended with that began after one, and went on from the beginning.

    >>> _last(["c", "d"], "b"), _last(["c", "a"], "b")
    ('d', 'a')
    """
    again = [lane for lane in lanes if lane <= after]
    return max(again or lanes)


def _put_off(database: Database, lease: str, item: Item, later: Later) -> None:
    if not later.is_attempt:
        item = replace(item, attempts=item.attempts - 1)
    put_back(database, lease, item, seconds=later.seconds, reason=str(later)[:500])


def _failed(
    database: Database,
    lease: str,
    item: Item,
    error: Exception,
    most_attempts: int,
    longest_delay: float,
) -> bool:
    """Note why; whether the next of the lane has its turn."""
    is_told = isinstance(error, FhirError | GiveUp)
    reason = (str(error) if is_told else type(error).__name__)[:500]
    what = {"topic": item.topic, "item": item.id, "attempts": item.attempts, "reason": reason}
    if isinstance(error, GiveUp) or item.attempts >= most_attempts:
        log.error("queue_item_dead", extra=what, exc_info=None if is_told else error)
        return bury(database, lease, item, reason=reason)
    log.warning("queue_item_failed", extra=what, exc_info=None if is_told else error)
    seconds = min(delay(item.attempts), longest_delay)
    put_back(database, lease, item, seconds=seconds, reason=reason)
    return False
