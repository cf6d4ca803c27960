"""How much memory a large message takes while it is read."""

from __future__ import annotations

import multiprocessing
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

import pytest

from hl7v2_gateway.er7 import parse

SIZE = 400_000
HEAD = "MSH|^~\\&|A|B|||20260101||ORU^R01|1|P|2.5.1||||||UNICODE UTF-8"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Executor]:
    """A process where nothing else runs: threads that other tests left would be counted too."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield process


def most_bytes(raw: bytes) -> int:
    """The most memory that reading its value took at any time."""
    tracemalloc.start()
    try:
        assert parse(raw).value("OBX-5")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["CR", "LF", "CRLF"])
@pytest.mark.parametrize("letter", ["", "ä", "😀"], ids=["plain", "umlaut", "beyond"])
@pytest.mark.parametrize(
    "text",
    ["QUJD" * (SIZE // 4), "ab\\T\\" * (SIZE // 5), "a\\.br\\" * (SIZE // 6)],
    ids=["base64", "escaped", "lines"],
)
def test_reading_takes_less_than_ten_times_the_message(
    end: str, letter: str, text: str, elsewhere: Executor
) -> None:
    raw = f"{HEAD}{end}PID|1||7{end}OBX|1|ED|X||{letter}{text}||||||F{end}".encode()

    most = elsewhere.submit(most_bytes, raw).result()

    # The bytes themselves were there before. Python takes four for each letter of a text with one
    # that is beyond the basic plane.
    assert most + len(raw) < (10 if letter != "😀" else 25) * len(raw), most / len(raw)
