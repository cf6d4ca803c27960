"""Bytes become messages: delimiters, levels, slips of senders, and what no message is."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from hl7v2_gateway import er7
from hl7v2_gateway.er7 import Malformed, Place, parse

HEADER = b"MSH|^~\\&|LAB|GHH|EHR|GHH|20260101||ORU^R01^ORU_R01|42|P|2.5.1"


def message(*segments: str, header: bytes = HEADER) -> er7.Message:
    return parse(header + b"\r" + "".join(s + "\r" for s in segments).encode())


def test_every_level_is_reached_and_knows_its_place() -> None:
    leaf = message("PID|1||7^^^A&1.2&ISO~8^^^B").all("PID")[0].field(3).repetition(1).component(4)

    assert leaf.subcomponent(2).text == "1.2"
    assert str(leaf.subcomponent(2).place) == "PID^1^3^1^4^2"
    assert leaf.place.path == "PID-3.4"
    assert [r.component(1).value for r in leaf.repetition.field.repetitions] == ["7", "8"]


def test_values_are_read_by_path() -> None:
    found = message("PID|1||7^^^A&1.2~8", "OBX|1|NM|a||5", "OBX|2|NM|b||6")

    assert found.value("PID-3") == "7"
    assert found.value("PID-3(2).1") == "8"
    assert found.value("PID-3.4.2") == "1.2"
    assert found.value("OBX(2)-5.1.1") == "6"
    assert found.value("PID-99") is None
    assert found.value("PV1-2") is None
    assert found.value("PID-3(3)") is None


def test_the_header_counts_its_separator_as_first_field() -> None:
    found = message()

    assert found.value("MSH-1") == "|"
    assert found.value("MSH-2") == "^~\\&"
    assert found.value("MSH-9.3") == "ORU_R01"
    assert found.header.event == "R01"
    assert found.segments[0].field(2).repetitions[0].components[0].text == "^~\\&"


def test_null_differs_from_nothing() -> None:
    found = message('PID|1||""||""^X')

    assert found.value("PID-3") == er7.NULL
    assert found.all("PID")[0].field(3).is_null
    assert found.value("PID-5.1") == er7.NULL
    assert found.value("PID-4") is None
    assert not found.all("PID")[0].field(4)


def test_text_keeps_what_only_looks_like_delimiters() -> None:
    """A sender who writes `a & b` into a text meant no subcomponents; the reader of a TX asks for text."""
    field = message("OBX|1|TX|x||salt & water").all("OBX")[0].field(5)

    assert field.text == "salt & water"
    assert field.value == "salt "


@pytest.mark.parametrize(
    ("header", "path", "value"),
    [
        (b"MSH^~|\\&^A~B^^^^^^ORU~R01", "MSH-9.2", "R01"),
        (b"MSH$%~\\&$A%B$$$$$$ORU%R01", "MSH-3.2", "B"),
        (b"MSH|^~|A&B^C", "MSH-3", "A&B"),
        (b"MSH|^~\\|A&B", "MSH-3", "A&B"),
        (b"MSH|^&~\\|A^B&C", "MSH-3(2)", "C"),
        (b"MSH|^~\\&#|A^B#", "MSH-3.2", "B#"),
        (b"MSH||A^B", "MSH-3.2", "B"),
        (b"MSH|^~\\\\&|A^B", "MSH-3.2", "B"),
        (b"MSH|^~\\&#!|A^B", "MSH-3.2", "B"),
    ],
)
def test_delimiters_are_those_of_the_header(header: bytes, path: str, value: str) -> None:
    assert parse(header).value(path) == value


def test_a_value_that_was_cut_short_says_so() -> None:
    found = parse(b"MSH|^~\\&#|A\rPID|||||Smi#^Jo\\P\\")

    assert found.first("PID").field(5).component(1).is_truncated
    assert not found.first("PID").field(5).component(2).is_truncated
    assert found.value("PID-5.2") == "Jo#"


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_of_every_kind_end_segments(end: bytes, last: bool) -> None:
    raw = end.join([HEADER, b"EVN|A01", b"PID|1||7"]) + (end if last else b"")

    assert [s.name for s in parse(raw).segments] == ["MSH", "EVN", "PID"]
    assert parse(raw).value("PID-3") == "7"


def test_mixed_line_ends_end_segments_too() -> None:
    found = parse(HEADER + b"\rEVN|A01\nPID|1||7\r\nPV1|1")

    assert [s.name for s in found.segments] == ["MSH", "EVN", "PID", "PV1"]


def test_a_line_break_in_a_text_stays_in_the_text_and_is_told() -> None:
    found = message("OBX|1|TX|x||first\rsecond\r\rthird|||||F", "OBX|2|TX|x||other")

    assert found.value("OBX-5") == "first\nsecond\nthird"
    assert found.value("OBX-10") == "F"
    assert found.value("OBX(2)-5") == "other"
    assert [(p.code, p.place.path) for p in found.problems] == [("102", "OBX")]


def test_spaces_before_a_name_are_left_out_and_told() -> None:
    found = message("   PID|1||7")

    assert found.value("PID-3") == "7"
    assert [p.place for p in found.problems] == [Place("PID")]


def test_framing_and_blanks_around_a_message_are_left_out() -> None:
    assert parse(b"\x0b\r\n " + HEADER + b"\rPID|||7\r\x1c\r").value("PID-3") == "7"


def test_two_messages_in_one_are_told() -> None:
    found = parse(HEADER + b"\rPID|1\r" + HEADER + b"\r")

    assert ("100", "MSH(2)") in [(p.code, p.place.path) for p in found.problems]


@pytest.mark.parametrize(
    ("raw", "code", "place"),
    [
        (b"", "100", "MSH"),
        (b"\r\n", "100", "MSH"),
        (b"PID|1", "100", "MSH"),
        (b"MSH", "100", "MSH-1"),
        (b"MSH\r", "100", "MSH-1"),
        (b"MSHA^~\\&AB", "100", "MSH-1"),
        (b"MSH|blah|A", "102", "MSH-2"),
        (b"MSH-10-Message Control ID", "102", "MSH-2"),
        (b"GET / HTTP/1.1\r\n\r\n", "100", "MSH"),
        (b"\xff\xfeM", "102", "MSH-18"),
        (b"MSH|^~\xd7\x9b|\xff", "102", "MSH-2"),
        (b"MSH\xd7^~|", "100", "MSH-1"),
        (b"\x00\x01\x02", "100", "MSH"),
    ],
)
def test_what_is_no_message_is_refused_with_code_and_place(raw, code, place) -> None:
    with pytest.raises(Malformed) as refused:
        parse(raw)

    assert (refused.value.code, refused.value.place.path) == (code, place)


def test_a_header_says_what_it_lacks() -> None:
    found = parse(b"MSH|^~\\&|||||||ORU^R01||P|2.x").header.problems()

    assert [(p.code, p.place.path) for p in found] == [("101", "MSH-10"), ("203", "MSH-12")]


def test_values_of_the_header_can_be_stored_and_logged() -> None:
    header = parse(b"MSH|^~\\&|A\x00||||||ADT\x00^A01|4\x072 |P|2.5").header

    assert (header.sending_application, header.type, header.control_id) == ("A", "ADT", "42")


def test_what_is_printed_holds_no_value() -> None:
    field = message("PID|1||SECRET").first("PID").field(3)

    assert "SECRET" not in repr((field, field.segment, field.repetitions, message("PID|||SECRET")))


def test_twenty_thousand_repetitions_take_linear_time() -> None:
    def seconds(n: int) -> float:
        raw = HEADER + b"\rPID|||" + b"~".join(b"%d^^^A" % i for i in range(n))
        start = time.thread_time()
        found = [r.component(1).value for r in parse(raw).first("PID").field(3).repetitions]
        assert found[-1] == str(n - 1)
        return time.thread_time() - start

    few = min(seconds(2_000) for _ in range(3))

    assert min(seconds(20_000) for _ in range(3)) < max(few * 40, 0.5)


def test_a_text_of_many_lines_takes_linear_time() -> None:
    def seconds(n: int) -> float:
        raw = HEADER + b"\rOBX|1|TX|x||" + b"some words\r" * n
        start = time.thread_time()
        assert parse(raw).value("OBX-5").count("\n") == n - 1
        return time.thread_time() - start

    few = min(seconds(5_000) for _ in range(3))

    assert min(seconds(50_000) for _ in range(3)) < max(few * 40, 0.5)


@pytest.mark.parametrize("letter", [b"Q", "ä".encode(), "😀".encode()])
def test_a_document_of_twenty_megabytes_costs_less_than_ten_times_its_size(letter: bytes) -> None:
    document = letter * (20_000_000 // len(letter))
    raw = HEADER + b"||||||UNICODE UTF-8\rOBX|1|ED|x||^AP^^Base64^" + document + b"\r"
    del document

    tracemalloc.start()
    value = parse(raw).value("OBX-5.5")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(value.encode()) == 20_000_000 // len(letter) * len(letter)
    assert peak < 9 * len(raw)
