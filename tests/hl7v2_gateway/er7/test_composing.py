"""Values become bytes that read back as the same values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hl7v2_gateway import er7
from hl7v2_gateway.er7 import Delimiters, Line, Unencodable, compose, line, line_of, parse

MSH = line("MSH", {"3": "EHR", "9.1": "ADT", "9.2": "A08", "10": "1", "18": "UNICODE UTF-8"})
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda text: text != er7.NULL
)


def trimmed(level: st.SearchStrategy) -> st.SearchStrategy:
    """Parts without an empty end, as a parser gives them."""
    return st.lists(level, max_size=4).map(
        lambda parts: tuple(parts[: max((n for n, p in enumerate(parts, 1) if p), default=0)])
    )


FIELD = trimmed(trimmed(trimmed(st.just("") | TEXT | st.just(er7.NULL))))
LINE = st.builds(Line, st.sampled_from(["PID", "OBX", "ZZ1"]), trimmed(FIELD))
DELIMITERS = st.sampled_from(
    [Delimiters(), Delimiters(truncation="#"), Delimiters("$", "%", "*", "!", "@")]
)


@given(st.lists(LINE, max_size=4), DELIMITERS)
def test_what_was_composed_is_parsed_to_the_same(lines: list[Line], delimiters: Delimiters) -> None:
    found = parse(compose([MSH, *lines], delimiters))

    assert found.delimiters == delimiters
    assert [line_of(segment) for segment in found.segments] == [MSH, *lines]
    assert found.problems == () or delimiters.field == "$"


def test_leaves_are_put_where_their_paths_say() -> None:
    raw = compose([MSH, line("PID", {"3.1": "7", "3.4.2": "1.2", "3(2).1": "8", "8": er7.NULL})])

    assert raw.split(b"\r")[1] == b'PID|||7^^^&1.2~8|||||""'
    assert raw.startswith(b"MSH|^~\\&|EHR||||||ADT^A08|1||||||||UNICODE UTF-8\r")


def test_a_message_can_be_written_with_other_delimiters_and_letters() -> None:
    found = parse(
        "MSH|^~\\&|A||||||ADT^A08|1|P|2.5||||||UNICODE UTF-8\rNTE|1||50 \\T\\ 60% €".encode()
    )

    again = compose(found.segments, Delimiters("$", "%", "*", "!", "@"), "8859/15")

    assert again.split(b"\r")[1] == b"NTE$1$$50 & 60!S! \xa4"
    assert parse(again, "8859/15").value("MSH-9.2") == "A08"


def test_a_letter_that_the_set_lacks_is_refused_with_its_place() -> None:
    with pytest.raises(Unencodable) as refused:
        compose([MSH, line("PID", {"5(2).1": "Müller"})], charset="ASCII")

    assert refused.value.place.path == "PID-5(2).1.1"
    assert "Müller" not in str(refused.value)


def test_a_letter_that_the_set_lacks_can_be_escaped_or_replaced() -> None:
    lines = [line("MSH", {"3": "A"}), line("PID", {"5": "Mü€"})]

    escaped = compose(lines, charset="8859/1", unencodable="escape")

    assert b"PID|||||M\xfc\\XE282AC\\\r" in escaped
    assert b"PID|||||M??\r" in compose(lines, unencodable="replace")


def test_the_declared_set_is_the_one_written() -> None:
    kanji = line("MSH", {"3": "A", "18(2)": "ISO IR87"})

    raw = compose([kanji, line("PID", {"5": "山田"})])

    assert raw.isascii()
    assert parse(raw).value("PID-5") == "山田"


def test_frames_are_never_broken_by_a_text() -> None:
    raw = compose([MSH, line("NTE", {"3": "a\x0bb\x1cc\rd\ne"})])

    assert raw.split(b"\r")[1] == b"NTE|||a\\X0B\\b\\X1C\\c\\X0D\\d\\.br\\e"


@pytest.mark.parametrize("charset", ["UNICODE UTF-16", "klingon"])
def test_sets_that_cannot_be_sent_are_refused(charset: str) -> None:
    with pytest.raises(ValueError, match=r"UNICODE UTF-8|table 0211"):
        compose([MSH], charset=charset)
