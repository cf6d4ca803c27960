"""multipart/related, read in pieces of any size. No server."""

import io
import random

import pytest

from dicom_gateway.web.multipart import Malformed, new_boundary, parts, reading


def _read(body: bytes, boundary: str, size: int = 7) -> list[tuple[dict[str, str], bytes]]:
    source = io.BytesIO(body)
    return [
        (dict(p.headers), b"".join(p.pieces()))
        for p in parts(lambda _n: source.read(size), boundary)
    ]


def test_what_is_written_is_read_whatever_the_pieces_are():
    boundary = new_boundary()
    chance = random.Random(7)
    contents = [b"", b"\r\n", b"--", chance.randbytes(3000), b"\r\n--part-", b"x" * 700_000]
    body = b"".join(
        boundary.joined([({"Content-Type": "application/dicom"}, [c]) for c in contents])
    )

    for size in (1, 2, 13, 4096, len(body)):
        if size < 13:
            small = b"".join(boundary.joined([({"A": "b"}, [c]) for c in contents[:5]]))
            assert [c for _, c in _read(small, boundary.text, size)] == contents[:5]
        else:
            read = _read(body, boundary.text, size)
            assert [c for _, c in read] == contents
            assert read[0][0] == {"content-type": "application/dicom"}


def test_a_preamble_padding_missing_headers_and_an_epilogue_are_as_the_standard_has_them():
    body = (
        b"hello\r\n--b \t\r\n\r\none\r\n--b\r\nContent-ID: <1>\r\n  more\r\n\r\ntwo\r\n--b--\r\nbye"
    )

    assert _read(body, "b") == [({}, b"one"), ({"content-id": "<1> more"}, b"two")]


def test_a_part_without_a_body_ends_at_the_line_break_of_its_headers():
    assert _read(b"--b\r\nA: 1\r\n\r\n--b\r\nA: 2\r\n\r\nx\r\n--b--", "b") == [
        ({"a": "1"}, b""),
        ({"a": "2"}, b"x"),
    ]


def test_content_that_begins_like_the_boundary_is_content():
    assert _read(b"--b\r\n\r\none\r\n--bb\r\nA\r\n--b--\r\n", "b") == [({}, b"one\r\n--bb\r\nA")]


@pytest.mark.parametrize("boundary", [None, "", "x" * 201, "x" * 10_240, "a\nb", "ü", "ends "])
def test_a_boundary_that_is_none_is_refused(boundary):
    with pytest.raises(Malformed):
        list(parts(io.BytesIO(b"--x--").read, boundary))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary at all",
        b"--b",
        b"--b\r\n",
        b"--b\r\nA: 1",
        b"--b\r\nA: 1\r\n\r\nhalf",
        b"--b\r\nA: 1\r\n\r\nhalf\r\n--b\r\n",
        b"--b\r\nno colon\r\n\r\nx\r\n--b--",
        b"--b\r\n" + b"A: " + b"x" * 20_000 + b"\r\n\r\nx\r\n--b--",
        b"z" * 70_000 + b"\r\n--b--",
    ],
)
def test_a_body_that_is_cut_or_no_multipart_is_refused(body):
    with pytest.raises(Malformed):
        _read(body, "b", 1000)


def test_no_more_parts_are_read_than_allowed(monkeypatch):
    monkeypatch.setattr(reading, "MOST_PARTS", 3)

    with pytest.raises(Malformed, match="3 parts"):
        _read(b"--b\r\n\r\nx\r\n" * 4 + b"--b--", "b")


def test_what_is_not_read_of_a_part_is_passed_over():
    source = io.BytesIO(b"--b\r\nA: 1\r\n\r\nlong\r\n--b\r\nA: 2\r\n\r\nx\r\n--b--")

    assert [p.headers["a"] for p in parts(source.read, "b")] == ["1", "2"]


def test_little_is_held_of_a_part_however_long_it_is():
    def read(size: int) -> bytes:
        state["given"] += 1
        if state["given"] == 1:
            return b"--b\r\n\r\n"
        return b"\r\n--b--" if state["given"] > 400 else b"\0" * size

    state = {"given": 0}
    part = next(parts(read, "b"))

    assert max(len(piece) for piece in part.pieces()) <= 2 * reading.PIECE
