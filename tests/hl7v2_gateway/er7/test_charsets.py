"""MSH-18 and the bytes: every declared set is read, and a wrong declaration never costs a letter unsaid."""

from __future__ import annotations

import pytest

from hl7v2_gateway.er7 import is_wide, parse


def raw(text: str, declared: str, codec: str) -> bytes:
    header = f"MSH|^~\\&|{text}|GHH|||20260101||ADT^A01|1|P|2.5.1||||||{declared}"
    return f"{header}\rPID|||1||{text}^{text}\r".encode(codec)


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("ASCII", "ascii", "Mueller"),
        ("", "ascii", "Mueller"),
        ("8859/1", "iso8859-1", "Müller"),
        ("8859/2", "iso8859-2", "Dvořák"),
        ("8859/3", "iso8859-3", "Ĥaĝo"),
        ("8859/4", "iso8859-4", "Bērziņš"),
        ("8859/5", "iso8859-5", "Иванов"),
        ("8859/6", "iso8859-6", "محمد"),
        ("8859/7", "iso8859-7", "Παπαδόπουλος"),
        ("8859/8", "iso8859-8", "כהן"),
        ("8859/9", "iso8859-9", "Yıldız"),
        ("8859/15", "iso8859-15", "Cœur €"),
        ("ISO 8859/2", "iso8859-2", "Łódź"),
        ("ISO-8859-1", "iso8859-1", "Müller"),
        ("UNICODE UTF-8", "utf-8", "山田 Müller"),
        ("UTF-8", "utf-8", "山田"),
        ("UNICODE", "utf-8", "山田"),
        ("ISO IR14", "iso2022_jp_ext", "ﾔﾏﾀﾞ"),
        ("ISO IR87", "iso2022_jp_ext", "山田太郎"),
        ("~ISO IR87", "iso2022_jp_ext", "山田太郎"),
        ("ASCII~ISO IR87~ISO IR159", "iso2022_jp_ext", "丂山田"),
        ("GB 18030-2000", "gb18030", "张伟"),
        ("KS X 1001", "euc_kr", "김철수"),
        ("BIG-5", "big5", "許功蓋"),
        ("WINDOWS-1252", "cp1252", "Cœur €"),
    ],
)
def test_declared_sets_are_read(declared: str, codec: str, text: str) -> None:
    found = parse(raw(text, declared, codec))

    assert found.value("PID-5.2") == text
    assert found.value("MSH-3") == text
    assert found.value("MSH-4") == "GHH"
    assert found.problems == ()


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("8859/1", "utf-8", "Müller"),
        ("8859/5", "utf-8", "Иванов"),
        ("", "utf-8", "山田"),
        ("ASCII", "utf-8", "Müller"),
        ("", "cp1252", "Müller €"),
        ("ASCII", "iso8859-1", "Müller"),
        ("8859/1", "cp1252", "Cœur €"),
        ("8859/2", "cp1250", "Łódź Š"),
        ("UNICODE UTF-8", "iso8859-1", "Müller"),
        ("", "iso2022_jp_ext", "山田"),
        ("GB 18030-2000", "utf-8", "张伟"),
        ("UNICODE UTF-16", "utf-8", "山田"),
        ("no such set", "utf-8", "山田"),
    ],
)
def test_bytes_that_are_something_else_are_read_as_what_they_are_and_told(declared, codec, text):
    found = parse(raw(text, declared, codec))

    assert found.value("PID-5.1") == text
    told = {(p.place.path, p.severity) for p in found.problems}
    assert told == {("MSH-18", "W")} or declared == "UNICODE UTF-16"


def test_a_senders_agreed_set_is_used_where_none_is_declared() -> None:
    found = parse(raw("Dvořák", "", "iso8859-2"), charset="8859/2")

    assert found.value("PID-5") == "Dvořák"
    assert found.problems == ()


def test_a_declared_set_wins_over_the_agreed_one() -> None:
    assert parse(raw("Иванов", "8859/5", "iso8859-5"), charset="8859/2").value("PID-5") == "Иванов"


def test_a_reading_that_may_be_wrong_is_told() -> None:
    found = parse(raw("Müller", "GB 18030-2000", "utf-8"))

    assert "may as well be UTF-8" in found.problems[0].text


def test_stray_bytes_are_shown_and_told() -> None:
    found = parse(raw("Müller", "UNICODE UTF-8", "utf-8") + b"NTE|1||\xff\xfe\r")

    assert found.value("PID-5") == "Müller"
    assert found.value("NTE-3") == "\ufffd\ufffd"
    assert [p.place.path for p in found.problems] == ["MSH-18"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_files_with_a_byte_order_mark_are_read(codec: str) -> None:
    found = parse(raw("山田", "UNICODE", codec))

    assert found.value("PID-5") == "山田"
    assert is_wide(found.raw) == (codec != "utf-8-sig")


@pytest.mark.parametrize(
    ("declared", "codec", "letter"),
    [("8859/1", "iso8859-1", "E4"), ("UNICODE UTF-8", "utf-8", "C3A4")],
)
def test_escaped_bytes_are_of_the_set_of_the_message(
    declared: str, codec: str, letter: str
) -> None:
    assert parse(raw(f"B\\X{letter}\\r", declared, codec)).value("PID-5") == "Bär"
