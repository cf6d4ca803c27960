"""Every message of the corpus, as it is and damaged, through a real listener: answered, in order."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirserver import ids
from hl7v2_gateway.acknowledging import is_owed, modes
from hl7v2_gateway.er7 import Malformed, Message, parse
from hl7v2_gateway.framing import framed
from hl7v2_gateway.operating.mapped import supports
from tests.hl7v2_gateway.conftest import Listen
from tests.hl7v2_gateway.er7.test_mutations import BYTES, SEEDS
from tests.hl7v2_gateway.listening.test_bad_input import damaged as damaged_at_random
from tests.hl7v2_gateway.v2 import a_message
from tests.peers.mllp_client import MllpClient

FOLDER = Path(__file__).parents[4] / "shared/data/hl7v2/messages"
PATIENCE = 20.0
"""Seconds for an answer that takes less than one where nothing else runs."""
AT_ONCE = 25
CODES = {"original": {"AA", "AE", "AR"}, "accept": {"CA", "CE", "CR"}}


def corpus() -> list[Path]:
    return sorted(f for f in FOLDER.rglob("*") if f.is_file() and f.suffix != ".jsonl")


FILES = corpus()


def sendable(raw: bytes) -> bytes:
    """Without the marks of a block, which would make two of it."""
    return raw.replace(b"\x1c", b"").replace(b"\x0b", b"")


@st.composite
def messages(draw) -> bytes:
    """A message of the corpus with some of its bytes lost, doubled, moved or changed."""
    source = draw(st.sampled_from(FILES)).read_bytes() if FILES else draw(st.sampled_from(SEEDS))
    raw = bytearray(source)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(raw)))
        end = min(len(raw), at + draw(st.integers(0, 60)))
        raw[at:end] = draw(
            st.one_of(
                st.just(b""), BYTES, st.just(bytes(raw[at:end]) * 3), st.just(bytes(raw[end:at]))
            )
        )
    return sendable(bytes(raw))


def is_right(raw: bytes, ack: Message | None) -> bool:
    """Whether this is what such a message deserves; None for no answer at all."""
    try:
        message = parse(raw)
    except Malformed:
        return ack is not None and ack.value("MSA-1") == "AR"
    wanted = modes(message)
    if ack is None:
        verdicts = ("accepted", "error", "rejected")
        return not wanted or not all(is_owed(message, wanted[0], v) for v in verdicts)
    code = ack.value("MSA-1")
    ours = parse(ack.raw).header.segment.field(10).raw
    # In enhanced mode a refusal may also be told as the answer of the application.
    codes = CODES["original"] | (CODES["accept"] if "accept" in wanted else set())
    return bool(wanted) and code in codes and bool(ours)


def answers(client: MllpClient, raws: list[bytes]) -> Iterator[tuple[bytes, Message | None]]:
    """Each message with its answer: between two of them a plain one, whose answer tells them."""
    marks = [ids.new()[-20:] for _ in raws]
    for raw, mark in zip(raws, marks, strict=True):
        client.write(framed(raw) + framed(a_message(control=mark)))
    for raw, mark in zip(raws, marks, strict=True):
        found, ack = None, parse(client.receive())
        if ack.value("MSA-2") != mark:
            found, ack = ack, parse(client.receive())
        assert (ack.value("MSA-2"), ack.value("MSA-1")) == (mark, "AA")
        yield raw, found


@pytest.fixture
def client(listen: Listen) -> Iterator[MllpClient]:
    with listen(supports=supports).connect(seconds=120) as made:
        yield made


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(raw=messages())
def test_a_damaged_message_is_answered_in_time_and_the_connection_lives(
    client: MllpClient, raw: bytes
) -> None:
    if not raw.strip():
        return
    start = time.monotonic()
    [(_, ack)] = answers(client, [raw])

    assert is_right(raw, ack)
    assert time.monotonic() - start < PATIENCE


@pytest.mark.skipif(not FILES, reason="the corpus isn't here (../shared/data/hl7v2)")
@pytest.mark.parametrize("is_damaged", [False, True], ids=["as it is", "damaged"])
def test_every_message_of_the_corpus_gets_its_answer(client: MllpClient, is_damaged: bool) -> None:
    chance = random.Random(20261129)
    raws = [sendable(file.read_bytes()) for file in FILES]
    if is_damaged:
        raws = [sendable(damaged_at_random(chance, raw)) for raw in raws]
    raws = [raw for raw in raws if raw.strip()]
    wrong = [
        raw[:120]
        for start in range(0, len(raws), AT_ONCE)
        for raw, ack in answers(client, raws[start : start + AT_ONCE])
        if not is_right(raw, ack)
    ]

    assert not wrong
