"""Messages out of files and batches."""

from __future__ import annotations

import pytest

from hl7v2_gateway.batches import batch_of, is_batch

A = b"MSH|^~\\&|A\rPID|1\r"
B = b"MSH|^~\\&|B\r"


@pytest.mark.parametrize(
    "data",
    [
        A + B,
        b"FHS|^~\\&\rBHS|^~\\&|X\r" + A + B + b"BTS|2\rFTS|1\r",
        (b"FHS|^~\\&\rBHS|^~\\&|X\r" + A + B + b"BTS|2\rFTS|1\r").replace(b"\r", b"\n"),
        b"\x0b" + A + b"\x1c\r\x0b" + B + b"\x1c\r",
        b"\xef\xbb\xbf" + A + b"\r\n\r\n" + B + b"\x1a",
        (b"FHS|^~\\&\rBHS|^~\\&|X\r" + A + B + b"BTS|2\rFTS|1\r").decode().encode("utf-16"),
        b"FHS|^~\\&\r" + A + B + b"FTS|1\r",
    ],
    ids=[
        "plain",
        "batch",
        "line feeds",
        "with marks of MLLP",
        "from an editor",
        "in UTF-16",
        "no BHS",
    ],
)
def test_a_file_gives_its_messages(data: bytes) -> None:
    found = batch_of(data)

    assert [m.replace(b"\n", b"\r") for m in found.messages] == [A, B]
    assert not found.miscounts


def test_a_trailer_that_counts_otherwise_is_told() -> None:
    found = batch_of(b"BHS|^~\\&\r" + A + b"BTS|2\rBHS|^~\\&\r" + B + b"BTS|1\r")

    assert found.messages == (A, B)
    assert found.miscounts == ("BTS-1 says 2 messages, and there are 1",)


def test_a_file_that_counts_its_batches_otherwise_is_told() -> None:
    found = batch_of(b"FHS|^~\\&\rBHS|^~\\&\r" + A + b"BTS|1\rFTS|2\r")

    assert found.miscounts == ("FTS-1 says 2 batches, and there are 1",)


def test_a_trailer_goes_by_the_separator_of_the_batch() -> None:
    assert batch_of(b"BHS#^~\\&\r" + A + b"BTS#3#x\r").miscounts


def test_what_holds_no_message_gives_none() -> None:
    assert batch_of(b"").messages == batch_of(b"hello\rMSHX|").messages == ()
    assert batch_of(b"\xff\xfeX").messages == ()


def test_a_batch_is_told_from_a_message() -> None:
    assert is_batch(b"\r\nFHS|^~\\&\r")
    assert is_batch("FHS|^~\\&\r".encode("utf-16"))
    assert not is_batch(A)
