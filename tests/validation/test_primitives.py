"""Primitive values."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.model import definitions
from fhirserver.validation.primitives import CHECKS, MAX_STRING


@pytest.mark.parametrize(
    ("type_code", "value"),
    [
        ("base64Binary", "Zm9v"),
        ("base64Binary", "Zm8="),
        ("base64Binary", "Zm 9v\nZm9v"),
        ("boolean", False),
        ("canonical", "http://x.org/a|1.0#b"),
        ("code", "a b"),
        ("date", "2024"),
        ("date", "2024-02"),
        ("date", "2024-02-29"),
        ("dateTime", "2024-02-29"),
        ("dateTime", "2015-02-07T13:28:17.239+02:00"),
        ("dateTime", "2016-12-31T23:59:60Z"),
        ("decimal", Decimal("1.10")),
        ("decimal", 10**30),
        ("id", "A-1.b"),
        ("instant", "2015-02-07T13:28:17+14:00"),
        ("integer", -(2**31)),
        ("markdown", "# A\r\n\tb"),
        ("oid", "urn:oid:1.2.3.0"),
        ("positiveInt", 1),
        ("string", "Ada \U0001f600\u00a0"),
        ("time", "23:59:59.5"),
        ("unsignedInt", 0),
        ("uri", "urn:x"),
        ("url", "mailto:a@x.org"),
        ("uuid", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
    ],
)
def test_a_proper_value_is_valid(type_code: str, value: Any) -> None:
    assert CHECKS[type_code](value) is None


@pytest.mark.parametrize(
    ("type_code", "value"),
    [
        ("base64Binary", "%%%2@()()"),
        ("base64Binary", "Zm9"),
        ("base64Binary", "é==="),
        ("boolean", "true"),
        ("boolean", 1),
        ("code", " a"),
        ("code", "a  b"),
        ("date", "2023-02-29"),
        ("date", "2023-04-31"),
        ("date", "2023-13"),
        ("date", "0000"),
        ("date", "23"),
        ("date", "2023-1-1"),
        ("date", "2023-01-01T00:00:00Z"),
        ("dateTime", "2023-02-29T10:00:00Z"),
        ("dateTime", "2023-01-01T10:00Z"),
        ("dateTime", "2023-01-01T10:00:00"),
        ("dateTime", "2023-01-01T24:00:00Z"),
        ("dateTime", "2023-01-01T10:00:00+15:00"),
        ("date", "２０２３"),
        ("decimal", "1.0"),
        ("decimal", True),
        ("id", "a_b"),
        ("id", "a" * 65),
        ("instant", "2015-02-07"),
        ("integer", 2**31),
        ("integer", Decimal("1.0")),
        ("integer", True),
        ("oid", "1.2.3"),
        ("oid", "urn:oid:3.1"),
        ("positiveInt", 0),
        ("string", ""),
        ("string", "a\x00b"),
        ("string", "a\x07b"),
        ("string", 1),
        ("string", None),
        ("string", "a" * (MAX_STRING + 1)),
        ("time", "24:00:00"),
        ("time", "10:00"),
        ("unsignedInt", -1),
        ("uri", "http://x.org/a b"),
        ("uri", ""),
        ("uuid", "c757873d-ec9a-4326-a141-556f43239520"),
    ],
)
def test_an_improper_value_is_refused(type_code: str, value: Any) -> None:
    assert CHECKS[type_code](value) is not None


def test_every_primitive_has_a_check() -> None:
    assert set(CHECKS) == definitions.load().primitives


PATTERNED = ("code", "date", "dateTime", "id", "instant", "oid", "time", "uuid")


def pattern_of(type_code: str) -> str:
    pattern = definitions.load().structure(type_code).pattern
    assert pattern is not None
    return pattern


@pytest.mark.parametrize("type_code", PATTERNED)
@given(data=st.data())
def test_a_text_of_the_standards_pattern_is_valid_or_no_real_date(
    type_code: str, data: st.DataObject
) -> None:
    text = data.draw(
        st.from_regex(pattern_of(type_code), fullmatch=True, alphabet=st.characters(codec="ascii"))
    )

    found = CHECKS[type_code](text)

    assert found is None or "calendar" in found[0].text


@pytest.mark.parametrize("type_code", PATTERNED)
@given(data=st.data())
def test_a_text_outside_the_standards_pattern_is_refused(
    type_code: str, data: st.DataObject
) -> None:
    pattern = pattern_of(type_code)
    text = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii")))
    i = data.draw(st.integers(0, len(text)))
    changed = text[:i] + data.draw(st.text("09aZ:-.+ T", max_size=2)) + text[i + 1 :]

    if not re.fullmatch(pattern, changed):
        assert CHECKS[type_code](changed) is not None
