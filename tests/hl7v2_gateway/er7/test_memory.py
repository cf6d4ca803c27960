"""How much memory a large message takes while it is read."""

from __future__ import annotations

import tracemalloc

import pytest

from hl7v2_gateway.er7 import parse

SIZE = 400_000
HEAD = "MSH|^~\\&|A|B|||20260101||ORU^R01|1|P|2.5.1||||||UNICODE UTF-8"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["CR", "LF", "CRLF"])
@pytest.mark.parametrize("letter", ["", "ä", "😀"], ids=["plain", "umlaut", "beyond"])
@pytest.mark.parametrize(
    "text",
    ["QUJD" * (SIZE // 4), "ab\\T\\" * (SIZE // 5), "a\\.br\\" * (SIZE // 6)],
    ids=["base64", "escaped", "lines"],
)
def test_reading_takes_less_than_ten_times_the_message(end: str, letter: str, text: str) -> None:
    raw = f"{HEAD}{end}PID|1||7{end}OBX|1|ED|X||{letter}{text}||||||F{end}".encode()
    tracemalloc.start()
    try:
        value = parse(raw).value("OBX-5")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert value
    # The bytes themselves were there before. Python takes four for each letter of a text with one
    # that is beyond the basic plane.
    assert most + len(raw) < (10 if letter != "😀" else 25) * len(raw), most / len(raw)
