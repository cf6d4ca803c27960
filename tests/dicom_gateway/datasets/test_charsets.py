"""Texts in DICOM's character sets: the standard's own examples (PS3.5 annexes H to K)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicom_gateway.datasets import charset_of, facts
from tests.dicom_gateway.written import EXPLICIT, a_dataset, element, item

CASES = {
    "H.3.1 Japanese": (
        ["", "ISO 2022 IR 87"],
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "H.3.2 Japanese with half-width katakana": (
        ["ISO 2022 IR 13", "ISO 2022 IR 87"],
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    "I.2 Korean": (
        ["", "ISO 2022 IR 149"],
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    "J.1 Chinese in UTF-8": (
        ["ISO_IR 192"],
        "Wang^XiaoDong=王^小东".encode(),
        "Wang^XiaoDong=王^小东",
    ),
    "J.2 Chinese in GB18030": (
        ["GB18030"],
        b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab",
        "Wang^XiaoDong=王^小东",
    ),
    "K.1 Chinese in GB 2312": (
        ["", "ISO 2022 IR 58"],
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
        "Zhang^XiaoDong=张^小东",
    ),
    "Greek": (["ISO_IR 126"], b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
    "Cyrillic": (["ISO_IR 144"], b"\xbb\xee\xda\xd5\xdc\xd1\xd3", "Люкембг"),
    "Thai": (["ISO_IR 166"], b"\xca\xc1\xaa\xd2\xc2", "สมชาย"),
    "Latin-9": (["ISO_IR 203"], b"\xbd", "œ"),
    "a set spelt carelessly": (["iso-ir 100 "], b"M\xfcller", "Müller"),
    "Latin-1 and Latin-2 by extension": (
        ["ISO 2022 IR 100", "ISO 2022 IR 101"],
        b"M\xfcller^\x1b-B\xa3ucja^\xa3",
        "Müller^Łucja^£",
    ),
    "nothing declared, UTF-8 meant": ([], "Müller".encode(), "Müller"),
    "nothing declared, Latin-1 meant": ([], b"M\xfcller", "Müller"),
    "a set that nobody knows": (["ISO_IR 999"], b"M\xfcller", "Müller"),
    "bytes that the set doesn't have": (["ISO_IR 192"], b"M\xfcller", "M\ufffdller"),
    "an escape that nobody knows": (["", "ISO 2022 IR 87"], b"A\x1b%GB", "A\ufffd%GB"),
}


@pytest.mark.parametrize("case", CASES)
def test_names_are_right_in_every_character_set(case: str) -> None:
    declared, raw, text = CASES[case]

    assert charset_of(*declared).text(raw, name=True) == text


def test_the_sets_of_the_beginning_hold_again_after_a_line_end() -> None:
    assert charset_of("", "ISO 2022 IR 149").text(b"\x1b$)C\xb1\xe6\r\n\xb1") == "길\r\n±"


def test_a_name_is_given_by_its_groups() -> None:
    _, raw, _ = CASES["H.3.1 Japanese"]
    dataset = a_dataset(
        element(0x00080005, "CS", "\\ISO 2022 IR 87"),
        element(0x00100010, "PN", raw),
        without=0x00080005,
    )
    dataset = dataset.replace(element(0x00100010, "PN", "Doe^Jane"), b"")

    assert facts(dataset, EXPLICIT, complete=True).keys["00100010"]["Value"] == [
        {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    ]


def test_a_backslash_within_a_two_byte_character_ends_no_value() -> None:
    dataset = a_dataset(charset="GB18030").replace(
        element(0x00100020, "LO", "4711"), element(0x00100020, "LO", "誠\\2".encode("gb18030"))
    )
    assert b"\x5c" in "誠".encode("gb18030")

    assert facts(dataset, EXPLICIT, complete=True).keys["00100020"]["Value"] == ["誠", "2"]


def test_an_item_may_declare_its_own_set() -> None:
    own = item(element(0x00080005, "CS", "ISO_IR 144"), element(0x00401001, "SH", b"\xbb"))
    inherited = item(element(0x00401001, "SH", "Ü".encode()))
    dataset = a_dataset(element(0x00400275, "SQ", own + inherited))

    first, second = facts(dataset, EXPLICIT, complete=True).keys["00400275"]["Value"]

    assert first["00401001"]["Value"] == ["Л"]
    assert second["00401001"]["Value"] == ["Ü"]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["", "ISO 2022 IR 87", "ISO 2022 IR 13", "ISO 2022 IR 149", "ISO_IR 192", "GBK", "x"]), max_size=3),
    st.lists(st.one_of(st.binary(max_size=4), st.sampled_from([b"\x1b$B", b"\x1b(B", b"\x1b$)C", b"\x1b", b"^", b"\\"])), max_size=12),
)  # fmt: skip
def test_no_bytes_fail(declared: list[str], pieces: list[bytes]) -> None:
    text = charset_of(*declared).text(b"".join(pieces), name=True)

    assert "\x1b" not in text
    text.encode("utf-8")
