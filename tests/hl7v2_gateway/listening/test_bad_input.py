"""Whatever comes by MLLP, the listener answers it in time, and goes on."""

from __future__ import annotations

import random
import re
import time

import psutil
import pytest

from fhirserver import ids
from hl7v2_gateway.acknowledging import modes
from hl7v2_gateway.er7 import Malformed, Message, parse
from hl7v2_gateway.framing import framed
from tests.hl7v2_gateway.conftest import Listen
from tests.hl7v2_gateway.v2 import a_message

PATIENCE = 10.0
"""Seconds for an answer that takes less than one on a machine that isn't busy with other tests."""


def said(ack: Message) -> tuple[str | None, str | None, str | None]:
    return ack.value("MSA-1"), ack.value("MSA-2"), ack.value("ERR-3")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"garbage", ("AR", None, "100")),
        (b"PID|1||7", ("AR", None, "100")),
        (b"MSH|blah|A|B|C|D|||ADT^A01|77|P|2.5", ("AR", "77", "102")),
        (b"MSH|^~\\&|A|B|||20260101|||78|P|2.5", ("AE", "78", "101")),
        (b"MSH|^~\\&|A|B|||20260101||ADT^A01|79|P|5.0.0", ("AR", "79", "203")),
        (b"MSH|^~\\&|A|B|||20260101||ADT^A01|80|X|2.5", ("AR", "80", "202")),
        (b"MSH|^~\\&|A|B|||20260101||ADT^A01||P|2.5", ("AA", None, None)),
        (b"MSH$%~!@$A$B$$$2026$$ADT%A01$81$P$2.5\nPID$$$7", ("AA", "81", None)),
        (b"MSH|^~\\&|A|B\x00|||20260101||ADT^A01\x00|82\x00|P|2.5\rPID|||7\x00", None),
        (b"MSH|^~\\&|A|B|||20260101||ADT^A01|\xff\xfe|P|2.5", None),
        ("MSH|^~\\&|A|B|||2026||ADT^A01|84|P|2.5\rPID|||7".encode("utf-16"), ("AR", None, "102")),
        (b"MSH|^~\\&|A|B|||20260101||ADT^A01|" + b"9" * 5000 + b"|P|2.5", None),
        (b"MSH|^~\\&|" + b"A" * 100_000 + b"|B|||20260101||" + b"T" * 5000 + b"^A01|85|P|2.5", None),
        (b"MSH|^~\\&|A|B|||20260101||ADT^A01|86|P|2.5" + b"\rZZZ|" * 20_000, ("AA", "86", None)),
        (b"MSH|^~\\&|A|B|||20260101||ADT^A01|87|P|2.5\rPID|||" + b"~".join([b"7^^^X"] * 20_000), ("AA", "87", None)),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)  # fmt: skip
def test_bad_input_is_answered_and_the_connection_lives(listen: Listen, raw, expected) -> None:
    control = ids.new()[-20:]
    with listen().connect() as client:
        start = time.monotonic()
        ack = client.send(raw)
        spent = time.monotonic() - start
        after = client.send(a_message(control=control))

    assert said(after) == ("AA", control, None)
    assert spent < PATIENCE
    if expected is not None:
        assert said(ack) == expected
    else:
        assert ack.value("MSA-1") in {"AA", "AE", "AR"}


def damaged(chance: random.Random, raw: bytes) -> bytes:
    """The message with a few of its bytes lost, doubled or changed."""
    broken = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(broken) + 1)
        end = at + chance.randint(0, 20)
        broken[at:end] = chance.choice(
            [
                b"",
                bytes(broken[at:end]) * 3,
                chance.randbytes(3),
                b"\r",
                b"|",
                b"\x00",
                b"\n",
                b"\x1c",
            ]
        )
    return bytes(broken)


def test_damaged_messages_are_all_answered_in_their_order(listen: Listen) -> None:
    chance = random.Random(20261129)
    raws = [damaged(chance, a_message(control=f"DAMAGED{n:04}")) for n in range(150)]
    # A block ends with 1C 0D: within a message these bytes would make two of it.
    raws = [raw.replace(b"\x1c", b"").replace(b"\x0b", b"") for raw in raws]
    last = a_message(control="the-last")

    with listen().connect() as client:
        client.write(b"".join(framed(raw) for raw in raws if raw.strip()) + framed(last))
        answers = []
        while not answers or answers[-1].value("MSA-2") != "the-last":
            answers.append(parse(client.receive()))

    asked = [control for raw in raws if (control := owed(raw))]
    answered = [ack.value("MSA-2") for ack in answers]
    assert len(asked) > 20
    assert [control for control in answered if control in set(asked)] == asked
    assert {a.value("MSA-1") for a in answers} <= {"AA", "AE", "AR", "CA", "CE", "CR"}


def owed(raw: bytes) -> str | None:
    """The control id, still whole, of a message that can be read and gets one answer."""
    try:
        message = parse(raw)
    except Malformed:
        return None
    # Beyond ASCII the letters of an id depend on what else is in the message.
    plain = raw.isascii() and modes(message) == ("original",)
    control = message.value("MSH-10")
    return control if plain and control and re.fullmatch(r"DAMAGED\d{4}", control) else None


def test_a_document_of_twenty_megabytes_is_taken(listen: Listen) -> None:
    control = ids.new()[-20:]
    document = "OBX|1|ED|PDF^Report||^AP^^Base64^" + "QUJD" * 5_000_000 + "|||||F\r"
    raw = a_message("ORU^R01", control=control, more="OBR|1||1|X^Y\r" + document)
    process = psutil.Process()

    with listen().connect() as client:
        before = process.memory_info().rss
        ack = client.send(raw)
        grown = process.memory_info().rss - before

    assert said(ack) == ("AA", control, None)
    assert grown < 10 * len(raw)
