"""Messages that were damaged on their way: read or refused, answered, and never a crash or a hang."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hl7v2_gateway import er7
from hl7v2_gateway.acknowledging import Outcome, acknowledge, refuse
from hl7v2_gateway.er7 import Malformed, Message
from hl7v2_gateway.grammar import grouped
from tests.pace import assert_soon

SEEDS = [
    b"MSH|^~\\&|ADT|W^1.2^ISO|EHR|G|20260101||ADT^A01^ADT_A01|7|P|2.5.1|||AL|NE||UNICODE UTF-8\r"
    b"EVN|A01|20260101\rPID|1||7^^^A&1.2&ISO^MR~8||M\xc3\xbcller^J\\T\\J||19700101|F\r"
    b"NK1|1|Doe\rPV1|1|I|W^1^1\rZPI|x\rIN1|1|P\r",
    b"MSH|^~\\&#|LAB|GHH|||202601010101+0100||ORU^R01|8|P|2.3||||||8859/1\rPID|||7\rPV1||I\rORC|RE\r"
    b"OBR|1||5|X^Y^L\rOBX|1|NM|a^b^LN||5.1|mg/dl|1-9|H|||F\rNTE|1||M\xfcll \\.br\\ \\X0D0A\\\r"
    b"OBX|2|ED|p||^AP^^Base64^QUJD\rSPM|1\rOBX|1|ST|x||y\r",
    b"MSH$%~!@$V$C$$$2026$$VXU%V04%VXU_V04$9$T$2.8.2\nPID$$$7\nORC$RE\nRXA$0$1$2026$$8%x%CVX$1\nRXR$IM\n",
    b'MSH|^~\\&|A||||||ADT^A40|1|P|2.4||||||~ISO IR87\rPID|||""||\x1b$B;3ED\x1b(B\rMRG|9\r',
]
BYTES = st.sampled_from(
    [bytes([n]) for n in b"|^~\\&#\r\n\x0b\x1c\x00\x1b\x80\xff\xc3MSHPIDX0 1.$"]
) | st.binary(min_size=1, max_size=6)


@st.composite
def damaged(draw) -> bytes:
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        end = min(len(raw), at + draw(st.integers(0, 30)))
        kind = draw(st.sampled_from(["cut", "insert", "replace", "double", "end", "move"]))
        if kind == "cut":
            del raw[at:end]
        elif kind == "insert":
            raw[at:at] = draw(BYTES)
        elif kind == "replace":
            raw[at:end] = draw(BYTES)
        elif kind == "double":
            raw[at:at] = raw[at:end] * draw(st.integers(1, 5))
        elif kind == "end":
            del raw[at:]
        else:
            part = raw[at:end]
            del raw[at:end]
            place = draw(st.integers(0, len(raw)))
            raw[place:place] = part
    return bytes(raw)


def read_all(message: Message) -> None:
    """Whatever a reader may ask of it."""
    assert message.raw
    for segment in message.segments:
        for field in segment.fields:
            assert isinstance(field.text, str)
            for repetition in field.repetitions:
                for component in repetition.components:
                    for leaf in component.subcomponents:
                        assert leaf.value is None or isinstance(leaf.value, str)
                        assert str(leaf.place)
    placed = sorted(p.segment.index for _, p in grouped(message).walk())
    assert placed == list(range(len(message.segments)))
    lines = [er7.line_of(segment) for segment in message.segments]
    assert er7.compose(lines, charset="UNICODE UTF-8").startswith(b"MSH|^~\\&")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_a_damaged_message_is_read_or_refused_and_answered_in_time(raw: bytes) -> None:
    start = time.thread_time()
    try:
        message = er7.parse(raw)
    except Malformed as error:
        ack = er7.parse(refuse(raw, error))
        expected, control_id = {"AR"}, ack.value("MSA-2") or ""
    else:
        read_all(message)
        problems = (*message.problems, *message.header.problems())
        ack = er7.parse(acknowledge(message, Outcome.of(*problems)))
        expected, control_id = {"AA", "AE", "AR"}, message.value("MSH-10") or ""
    assert ack.value("MSA-1") in expected
    # Not every character set has a letter for bytes that were none.
    assert (ack.value("MSA-2") or "") in {control_id, control_id.replace("\ufffd", "?")}
    assert len(ack.all("MSH")) == 1
    assert not set(b"\x0b\x1c") & set(ack.raw)
    assert_soon(time.thread_time() - start, 1)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for candidate in (raw, b"MSH|^~\\&" + raw, b"MSH" + raw):
        try:
            read_all(er7.parse(candidate))
        except Malformed as error:
            answer = refuse(candidate, error)
            read_all(er7.parse(answer))


@pytest.mark.parametrize(
    "bomb",
    [
        b"\\" * 100_000,
        b"\\X" * 50_000,
        b"\\X41\\" * 20_000,
        b"\\X" + b"41" * 50_000,
        b"\\.sp" * 100_000,
        b"\\.in" + b" " * 50_000,
        b"~" * 100_000,
        b"^" * 100_000,
        b"&" * 100_000,
        b"|" * 100_000,
        b"\rNTE|" * 15_000,
        b"\r" * 100_000,
        b"\n\r \n" * 100_000,
        b"\x80" * 100_000,
        b"\xc3\xa4" * 50_000,
        b"\x1b$B" * 100_000,
    ],
    ids=lambda bomb: repr(bomb[:6]),
)
def test_nothing_that_can_be_sent_takes_more_than_linear_time(bomb: bytes) -> None:
    def seconds(part: bytes) -> float:
        start = time.thread_time()
        message = er7.parse(b"MSH|^~\\&|A\rNTE|1||" + part + b"\r")
        for segment in message.segments:
            for field in segment.fields:
                assert field.text is not None
                assert field.value != ""
                assert len(field.repetitions) <= len(part) + 1
        grouped(message)
        return time.thread_time() - start

    few = min(seconds(bomb[: len(bomb) // 16]) for _ in range(2))

    assert seconds(bomb) < max(few * 100, 1.0)
