"""Many lines, stored by several processes at once: what is about one resource stays in its order.

Lines go into lanes by the resource that they are about. Of a lane one batch is under way at a time,
and there are more lanes than processes, so that nobody waits for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import Any, Final

import msgspec

from fhirserver.bulk.lines import Line
from fhirserver.bulk.storing import Input, Stored
from fhirserver.interactions.independent import GROUP

BATCH: Final = GROUP
LANES_FOR_EACH: Final = 2
# What is held here, apart from the batches that are under way.
MOST_HELD: Final = 4_000
MOST_BYTES: Final = 16_000_000

Placed = tuple[Input, Line]
Batch = Sequence[Placed]


def spread(
    jobs: int,
    found: Iterator[Placed],
    act: Callable[[Batch], Future[Stored]],
) -> Iterator[Stored]:
    """What became of all lines, batch by batch; `act` sends one to one of so many processes."""
    lanes: list[list[Placed]] = [[] for _ in range(jobs * LANES_FOR_EACH)]
    running: dict[Future[Stored], int] = {}
    more = True
    try:
        while True:
            while more and not _is_full(lanes):
                some = list(islice(found, BATCH))
                more = len(some) == BATCH
                for placed in some:
                    lanes[_about(placed[1]) % len(lanes)].append(placed)
            is_short = not more or _is_full(lanes)
            for number in set(range(len(lanes))) - set(running.values()):
                lane = lanes[number]
                if len(lane) >= BATCH or (lane and is_short):
                    lanes[number] = lane[BATCH:]
                    running[act(lane[:BATCH])] = number
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                del running[future]
                yield future.result()
    finally:
        # Whoever gives up doesn't leave others to go on.
        for future in running:
            future.cancel()
        wait(running)


def _is_full(lanes: Sequence[Sequence[Placed]]) -> bool:
    held = sum(map(len, lanes))
    return held >= MOST_HELD or (
        held >= BATCH and sum(line.length for lane in lanes for _, line in lane) >= MOST_BYTES
    )


class _Named(msgspec.Struct):
    resourceType: Any = None  # noqa: N815 - FHIR's own name
    id: Any = None


_named: Final = msgspec.json.Decoder(_Named)


def _about(line: Line) -> int:
    """The same for all lines about one resource."""
    try:
        named = _named.decode(line.text or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Whoever tries to store it says what is wrong.
        return line.number
    if not isinstance(named.id, str) or not isinstance(named.resourceType, str):
        return line.number
    return hash((named.resourceType, named.id))
