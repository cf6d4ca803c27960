"""Messages out of a stream of bytes, however it is cut and whatever lies between them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hl7v2_gateway.framing import Decoder, Frame, Odd, framed

A = b"MSH|^~\\&|A|B\rPID|1\r"
B = b"MSH|^~\\&|C|D\r"


def decoded(*pieces: bytes, limit: int = 1000) -> list[Frame | Odd]:
    decoder = Decoder(limit)
    return [event for piece in pieces for event in decoder.feed(piece)]


def test_several_messages_in_one_read() -> None:
    assert decoded(framed(A) + framed(B)) == [Frame(A), Frame(B)]


def test_one_message_over_many_reads() -> None:
    assert decoded(*[bytes([b]) for b in framed(A) + framed(B)]) == [Frame(A), Frame(B)]


@pytest.mark.parametrize(
    "stream",
    [
        b"\x0b\x0b" + A + b"\x1c\r\x1c\r" + framed(B),
        b"\x0b" + A + b"\x1c\x1c\r" + framed(B),
        b"\x0b" + A + b"\x1c\n" + framed(B),
        b"\x0b" + A + b"\x1c" + framed(B),
        framed(A) + b"\r\n\r\n" + framed(B) + b"\r\n",
    ],
    ids=["doubled frame", "doubled end", "line feed", "no return", "blank lines"],
)
def test_marks_that_are_doubled_or_incomplete_cost_nothing(stream: bytes) -> None:
    assert decoded(stream) == [Frame(A), Frame(B)]
    assert decoded(*[bytes([b]) for b in stream]) == [Frame(A), Frame(B)]


def test_what_lies_between_blocks_is_told_and_skipped() -> None:
    assert decoded(b"GET / HTTP/1.1\r\n" + framed(A)) == [Odd("junk", 14), Frame(A)]


def test_a_block_that_broke_off_does_not_take_the_next_one_with_it() -> None:
    assert decoded(b"\x0bMSH|^~\\&|X\rPI" + framed(A)) == [Odd("broken-off", 13), Frame(A)]


def test_marks_inside_a_message_are_part_of_it() -> None:
    content = b"MSH|^~\\&|A\rOBX|1|ED|a\x1cb\x0bc\r"

    assert decoded(framed(content)) == [Frame(content)]


def test_an_end_without_its_return_counts_when_nothing_follows() -> None:
    decoder = Decoder(1000)

    assert decoder.feed(b"\x0b" + A + b"\x1c") == []
    assert decoder.is_ending
    assert decoder.settle() == [Frame(A)]
    assert decoder.feed(b"\r" + framed(B)) == [Frame(B)]


def test_a_message_that_is_too_long_is_told_once_and_the_next_one_is_read() -> None:
    long = b"MSH|^~\\&|" + b"x" * 5000
    stream = framed(long) + framed(A)
    pieces = [stream[i : i + 100] for i in range(0, len(stream), 100)]

    in_one, in_many = decoded(stream, limit=1000), decoded(*pieces, limit=1000)

    assert [type(e) for e in in_one] == [type(e) for e in in_many] == [Odd, Frame]
    assert in_one[1] == in_many[1] == Frame(A)
    for odd in (in_one[0], in_many[0]):
        assert isinstance(odd, Odd)
        assert (odd.kind, odd.head[:9]) == ("too-long", b"MSH|^~\\&|")


def test_a_message_that_is_too_long_is_not_kept() -> None:
    decoder = Decoder(1000)
    decoder.feed(b"\x0b")

    for _ in range(100):
        decoder.feed(b"x" * 1000)

    assert decoder.held <= 1000


def test_what_never_ended_is_told_at_the_end() -> None:
    decoder = Decoder(1000)
    decoder.feed(b"\x0bMSH|^~")

    assert decoder.close() == [Odd("broken-off", 6)]


def test_a_large_message_in_small_pieces_takes_linear_time() -> None:
    def seconds(size: int) -> float:
        decoder, piece = Decoder(50_000_000), b"\x1cx" * 2048
        began = time.thread_time()
        decoder.feed(b"\x0b")
        for _ in range(size // len(piece)):
            decoder.feed(piece)
        assert len(decoder.feed(b"\x1c\r")) == 1
        return time.thread_time() - began

    seconds(1_000_000)
    assert seconds(8_000_000) < 60 * max(seconds(1_000_000), 0.01)


@given(st.lists(st.binary(max_size=60), max_size=20), st.integers(1, 40))
def test_nothing_makes_it_fail_and_whole_messages_get_through(pieces: list[bytes], n: int) -> None:
    decoder = Decoder(100)
    for piece in pieces:
        decoder.feed(piece)
    decoder.close()

    stream = framed(A)
    events = [e for i in range(0, len(stream), n) for e in decoder.feed(stream[i : i + n])]

    assert [e for e in events if isinstance(e, Frame)] == [Frame(A)]
