"""Reading and writing JSON."""

import bz2
import timeit
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.errors import NotUnderstood
from fhirserver.model import json


@pytest.mark.parametrize("text", ["1.10", "0.00", "-0.0", "1.0", "100000000000000000000.5", "1E+2"])
def test_a_decimal_keeps_its_digits(text: str) -> None:
    body = f'{{"value":{text}}}'.encode()

    assert json.dump(json.parse(body)) == body


def test_an_exponent_stays_exact() -> None:
    assert json.parse(b"1e2") == Decimal(100)
    assert json.dump(json.parse(b"1e2")) == b"1E+2"


def test_a_large_whole_number_keeps_its_digits() -> None:
    body = b"123456789012345678901234567890"

    assert json.dump(json.parse(body)) == body


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[1,]", r"byte 3"),
        (b"NaN", "not JSON"),
        (b"{} {}", "not JSON"),
        (b'"a\nb"', "not JSON"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\\ud800"', "not JSON"),
        (b'"\\udc00x"', "surrogate"),
        (b'{"a":"x\\u0000y"}', "NUL"),
        (b'{"\\u0000":1}', "NUL"),
        (b"1e6000000", "number"),
        (b"1e" + b"9" * 900, "number"),
        (b"0." + b"0" * 2000, "number"),
        (b"9" * 1_000_000, "not JSON"),
        (b'{"a":1,"a":2}', "same key twice"),
        (b'{"a" : {"b" : 1, "b" : 2}}', "same key twice"),
        (b'{"a":1,"a"\t:2}', "same key twice"),
        (b'{"a":1,"a"\r\n:2}', "same key twice"),
        (b'{"a":1,"a"\n:2}', "same key twice"),
        (b'{"a":1,"a"  :2}', "same key twice"),
    ],
    ids=lambda v: repr(v)[:24],
)
def test_what_is_not_proper_json_is_refused(body: bytes, complaint: str) -> None:
    with pytest.raises(NotUnderstood, match=complaint):
        json.parse(body)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["arrays", "objects"])
def test_nesting_200000_deep_is_refused(opening: bytes) -> None:
    with pytest.raises(NotUnderstood, match="deeper than 64"):
        json.parse(opening * 200_000)


def test_nesting_is_counted_exactly() -> None:
    assert json.parse(b"[" * 64 + b"]" * 64)
    with pytest.raises(NotUnderstood):
        json.parse(b"[" * 65 + b"]" * 65)
    with pytest.raises(NotUnderstood):
        json.parse(b"[[1]]", max_depth=1)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert json.parse(b'"\\\\u0000"') == "\\u0000"


def test_a_text_that_looks_like_a_key_is_no_duplicate() -> None:
    assert json.parse(rb'{"a":"\":","b":"\" :"}') == {"a": '":', "b": '" :'}


def test_a_byte_order_mark_is_ignored() -> None:
    assert json.parse(b"\xef\xbb\xbf{}") == {}


def test_errors_do_not_repeat_the_body() -> None:
    with pytest.raises(NotUnderstood) as caught:
        json.parse(b'{"family": "Lovelace" "given"}')

    assert "Lovelace" not in str(caught.value)


def test_only_an_object_will_do_where_one_is_needed() -> None:
    assert json.parse_object(b'{"a":1}') == {"a": 1}
    with pytest.raises(NotUnderstood, match="must be a JSON object"):
        json.parse_object(b"[]")


def test_pretty_text_is_indented() -> None:
    assert json.dump({"a": [1]}, pretty=True) == b'{\n  "a": [\n    1\n  ]\n}'


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read_again(value: object) -> None:
    assert json.parse(json.dump(value)) == value
    assert json.parse(json.dump(value, pretty=True)) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        json.parse(body)
    except NotUnderstood:
        pass


def test_an_observation_is_parsed_and_written_in_microseconds(shared: Path) -> None:
    file = min(shared.glob("synthea/0[0-9a-f]*.bz2"))
    entries = json.parse(bz2.decompress(file.read_bytes()))["entry"]
    observation = next(
        e["resource"] for e in entries if e["resource"]["resourceType"] == "Observation"
    )
    body = json.dump(observation)

    # Ten times what is aimed at, so that a busy machine doesn't fail the build.
    assert min(timeit.repeat(lambda: json.parse(body), number=100, repeat=5)) / 100 < 150e-6
    assert min(timeit.repeat(lambda: json.dump(observation), number=100, repeat=5)) / 100 < 50e-6
