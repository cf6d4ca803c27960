"""Long messages are converted in time in proportion."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from hl7v2_gateway.er7 import parse
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.partners import Call, open_sender

ADMISSION = "ADT^A01^ADT_A01|1|P|2.5.1\rEVN||2026\rPID|1||"
RESULT = "ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||7||Doe\rOBR|1||1|X^Y^L\r"

LONG: dict[str, Callable[[int], str]] = {
    "identifiers": lambda n: (
        f"{ADMISSION}{'~'.join(f'{i}^^^X^MR' for i in range(n))}||Doe\rPV1|1|I"
    ),
    "relatives": lambda n: (
        f"{ADMISSION}7||Doe\r" + "".join(f"NK1|{i}|A{i}^B|SPO\r" for i in range(n))
    ),
    "results": lambda n: RESULT + "".join(f"OBX|{i}|NM|a{i}^b^LN||5|mg|||||F\r" for i in range(n)),
    "notes": lambda n: RESULT + "OBX|1|NM|a^b^LN||5|mg|||||F\r" + "NTE|1||x\r" * n,
    "of the sender": lambda n: f"{ADMISSION}7||Doe\rPV1|1|I\r" + "ZZZ|a|b\r" * n,
}


@pytest.mark.parametrize("what", LONG)
def test_many_of_anything_take_linear_time(what: str) -> None:
    sender = open_sender(Call("LAB", "WEST"))

    def seconds(n: int) -> float:
        message = parse(f"MSH|^~\\&|LAB|WEST|||20260101||{LONG[what](n)}".encode())
        start = time.thread_time()
        assert convert(message, sender, message_id="1").bundle["entry"]
        return time.thread_time() - start

    few = min(seconds(250) for _ in range(2))

    # Eight times as many; 64 times as long would be quadratic.
    assert seconds(2000) < max(few * 32, 1.0)
