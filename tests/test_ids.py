"""New logical ids are no one else's, whatever process or thread asks."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

from fhirserver import ids


def test_threads_get_ids_of_their_own() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = [
            i
            for some in pool.map(lambda _: [ids.new() for _ in range(500)], range(8))
            for i in some
        ]

    assert len(set(found)) == 4_000


def _some(pipe: Connection) -> None:
    pipe.send([ids.new() for _ in range(200)])


def test_a_forked_process_gets_none_that_its_parent_gives() -> None:
    ids.new()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_some, args=(theirs,))
    child.start()

    found = [*ours.recv(), *(ids.new() for _ in range(200))]
    child.join()

    assert len(set(found)) == 400
