"""What escape sequences mean, and what stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hl7v2_gateway.er7 import Delimiters, parse
from hl7v2_gateway.er7.escapes import escape, unescape

CASES = {
    r"\F\\S\\T\\R\\E\\P\ ": "|^&~\\# ",
    r"a\.br\b": "a\nb",
    r"a\.BR\b": "a\nb",
    r"a\.sp\b\.sp2\c": "a\nb\n\nc",
    r"a\.sk3\b": "a   b",
    r"\.ce\title": "\ntitle",
    r"\.in+4\\.ti-2\\.fi\\.nf\text": "text",
    r"\H\loud\N\ quiet": "loud quiet",
    r"\X0D0A\\X41\ ": "\r\nA ",
    r"\XC3\\XA4\ ": "ä ",
    r"\X4\ \XZZ\ \X\ ": r"\X4\ \XZZ\ \X\ ",
    r"\C2842\ \M244200\ ": r"\C2842\ \M244200\ ",
    r"\Zlocal\ ": r"\Zlocal\ ",
    r"C:\temp\file": r"C:\temp\file",
    r"C:\temp\S\x": r"C:\temp^x",
    "50\\": "50\\",
    "\\": "\\",
    "\\\\": "\\\\",
}


@pytest.mark.parametrize("written", CASES)
def test_sequences_mean_what_the_standard_says(written: str) -> None:
    delimiters = Delimiters(truncation="#")

    assert unescape(written, delimiters, "utf-8") == CASES[written]


def test_a_message_without_escape_character_has_no_sequences() -> None:
    assert parse(b"MSH|^~|A\rNTE|1||a\\F\\b").value("NTE-3") == "a\\F\\b"


def test_another_escape_character_is_the_one() -> None:
    assert parse(b"MSH|^~!&|A\rNTE|1||a!F!b\\F\\").value("NTE-3") == "a|b\\F\\"


DELIMITERS = st.sampled_from(
    [
        Delimiters(),
        Delimiters(truncation="#"),
        Delimiters("$", "%", "*", "!", "@"),
        Delimiters("^", "~", "|", "\\", "&"),
    ]
)


@given(st.text(), DELIMITERS)
def test_what_was_escaped_comes_back(text: str, delimiters: Delimiters) -> None:
    written = escape(text, delimiters)

    assert unescape(written, delimiters, "utf-8") == text
    others = delimiters.field + delimiters.component + delimiters.repetition
    assert not set(written) & set(others + delimiters.subcomponent + "\r\n\x0b\x1c")


@given(st.text(alphabet="\\XSFETRPHN.brsp0123456789ABC ~^&|\n"))
def test_nothing_that_was_written_is_misread_into_an_error(text: str) -> None:
    assert isinstance(unescape(text, Delimiters(), "utf-8"), str)


@pytest.mark.parametrize("sequence", ["\\.sp999\\", "\\.sk999\\", "\\.sp50\\"])
def test_a_short_sequence_does_not_become_a_long_text(sequence: str) -> None:
    written = sequence * 1000

    assert len(unescape(written, Delimiters(), "utf-8")) < 10 * len(written)
