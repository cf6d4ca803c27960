"""How lines are spread over processes."""

from __future__ import annotations

import json
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

import pytest

from fhirserver.bulk import spreading
from fhirserver.bulk.lines import Line
from fhirserver.bulk.spreading import spread
from fhirserver.bulk.storing import Input, Stored

SOURCE = Input(0, "https://files.example/a.ndjson", None)


def line(number: int, id_: str | None) -> Line:
    text = json.dumps({"resourceType": "Basic", **({"id": id_} if id_ else {})}).encode()
    return Line(number, 0, len(text), text)


def test_lines_about_one_resource_are_stored_in_their_order_and_each_once() -> None:
    lines = [line(n, f"r{n % 7}" if n % 3 else None) for n in range(5_000)]
    lines.append(Line(5_000, 0, 4, b"{bad"))
    lock, stored, under_way = Lock(), [], defaultdict(int)

    def store(batch) -> Stored:
        about = {t for _, one in batch if b'"id"' in (t := one.text or b"")}
        with lock:
            for text in about:
                under_way[text] += 1
                assert under_way[text] == 1, "two processes had lines about one resource"
        with lock:
            stored.extend(one for _, one in batch)
            for text in about:
                under_way[text] -= 1
        return Stored({0: len(batch)})

    with ThreadPoolExecutor(3) as executor:
        placed = ((SOURCE, one) for one in lines)
        done = list(spread(3, placed, lambda batch: executor.submit(store, batch)))

    assert sum(d.counts[0] for d in done) == len(lines)
    assert sorted(one.number for one in stored) == list(range(5_001))
    for id_ in range(7):
        about = [one.number for one in stored if one.text and f'"r{id_}"'.encode() in one.text]
        assert about == sorted(about)


def test_a_million_lines_are_not_held_in_memory(monkeypatch) -> None:
    monkeypatch.setattr(spreading, "MOST_HELD", 1_000)
    read = finished = 0
    most = 0

    def lines():
        nonlocal read
        for number in range(20_000):
            read += 1
            yield SOURCE, line(number, "the-same")

    def store(batch) -> Future[Stored]:
        nonlocal finished, most
        most = max(most, read - finished)
        finished += len(batch)
        future: Future[Stored] = Future()
        future.set_result(Stored({0: len(batch)}))
        return future

    assert sum(d.counts[0] for d in spread(2, lines(), store)) == 20_000
    assert most <= 2 * 1_000


def test_what_fails_ends_it_and_leaves_nothing_under_way() -> None:
    def store(batch) -> Stored:
        raise ValueError("no")

    placed = ((SOURCE, line(n, None)) for n in range(3_000))
    with ThreadPoolExecutor(2) as executor:
        done = spread(2, placed, lambda batch: executor.submit(store, batch))
        with pytest.raises(ValueError, match="no"):
            list(done)
