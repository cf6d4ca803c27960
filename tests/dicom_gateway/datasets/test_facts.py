"""The facts in the beginning of a dataset."""

from __future__ import annotations

import zlib
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicom_gateway.datasets import NeedMore, Unreadable, facts, json_model, model
from dicom_gateway.datasets.reading import Reader
from tests.dicom_gateway.written import BIG, DEFLATED, EXPLICIT, IMPLICIT, a_dataset, element, item

PIXELS = element(0x7FE00010, "OW", b"", length=0xFFFFFFFE)


def deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_facts_are_the_same_in_every_encoding(syntax: str) -> None:
    found = facts(a_dataset(syntax=syntax), syntax, complete=True)

    assert (found.study, found.series, found.instance) == ("1.2.3", "1.2.3.1", "1.2.3.4")
    assert found.transfer_syntax == syntax
    assert found.keys["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}
    assert found.keys["00280010"] == {"vr": "US", "Value": [2]}


def test_pixels_need_not_have_come() -> None:
    assert facts(a_dataset(PIXELS), EXPLICIT).study == "1.2.3"


def test_more_is_asked_for_while_wanted_attributes_may_follow() -> None:
    with pytest.raises(NeedMore) as asked:
        facts(a_dataset(), EXPLICIT)

    assert asked.value.wanted > len(a_dataset())


def test_every_beginning_asks_for_more_until_the_facts_are_there() -> None:
    sequence = element(0x00400275, "SQ", item(element(0x00401001, "SH", "RP1")))
    whole = a_dataset(sequence, PIXELS)
    expected = facts(whole, EXPLICIT)

    for end in range(len(whole)):
        try:
            assert facts(whole[:end], EXPLICIT) == expected
        except NeedMore as more:
            assert more.wanted > end  # noqa: PT017


@pytest.mark.parametrize("tag", [0x00080016, 0x00080018, 0x0020000D, 0x0020000E])
def test_a_dataset_without_one_of_its_uids_is_refused_by_name(tag: int) -> None:
    with pytest.raises(Unreadable, match=rf"UID in \({tag >> 16:04X},{tag & 0xFFFF:04X}\)"):
        facts(a_dataset(PIXELS, without=tag), EXPLICIT)


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1" * 65, "1.2\\1.3", "1.2.\u0663", "1..2"])
def test_a_uid_that_is_none_is_refused(uid: str) -> None:
    dataset = a_dataset(element(0x00080018, "UI", uid), PIXELS, without=0x00080018)

    with pytest.raises(Unreadable, match="no UID") as refused:
        facts(dataset, EXPLICIT)

    assert uid not in str(refused.value)


def test_sequences_that_are_asked_for_are_read_and_others_stepped_over() -> None:
    wanted = element(0x00400275, "SQ", item(element(0x00401001, "SH", "RP1"), undefined=True))
    other = pack("<HH2sHI", 0x40, 0x260, b"SQ", 0, 0xFFFFFFFF) + item(
        element(0x00080100, "SH", "CODE"), undefined=True
    ) + pack("<HHI", 0xFFFE, 0xE0DD, 0)  # fmt: skip

    found = facts(a_dataset(other, wanted, PIXELS), EXPLICIT)

    assert found.keys["00400275"]["Value"] == [{"00401001": {"vr": "SH", "Value": ["RP1"]}}]
    assert "00400260" not in found.keys


def test_a_sequence_that_is_called_unknown_is_walked_as_implicit() -> None:
    inner = pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + element(
        0x00090010, "LO", "X", syntax=IMPLICIT
    )
    private = (
        pack("<HH2sHI", 9, 0x1001, b"UN", 0, 0xFFFFFFFF)
        + inner
        + pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    )

    assert facts(a_dataset(private, PIXELS), EXPLICIT).series == "1.2.3.1"


def test_deflated_datasets_are_inflated_as_far_as_needed() -> None:
    data = deflated(a_dataset(element(0x00091001, "UN", b"x" * 400_000), PIXELS))

    assert facts(data, DEFLATED).study == "1.2.3"
    with pytest.raises(NeedMore):
        facts(data[:40], DEFLATED)


def test_a_deflate_bomb_is_refused() -> None:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = stream.compress(a_dataset()[:20] + element(0x00091001, "UN", b"", length=0xFFFFFFF0))
    bomb += b"".join(stream.compress(bytes(1 << 20)) for _ in range(66)) + stream.flush()

    with pytest.raises(Unreadable, match="64 MB"):
        facts(bomb, DEFLATED, complete=True)


def nested(depth: int, *, undefined: bool) -> bytes:
    data = b""
    for _ in range(depth):
        length = 0xFFFFFFFF if undefined else len(data) + 8
        head = pack("<HH2sHI", 0x08, 0x1140, b"SQ", 0, length)
        end = pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0) if undefined else b""
        data = (
            head + pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF if undefined else len(data)) + data + end
        )
    return data


def test_three_thousand_nested_sequences_of_known_length_are_stepped_over() -> None:
    dataset = a_dataset(nested(3000, undefined=False), PIXELS)

    assert facts(dataset, EXPLICIT).study == "1.2.3"
    with pytest.raises(Unreadable, match="nested"):
        json_model(dataset, EXPLICIT, None)


def test_three_thousand_nested_sequences_of_unknown_length_are_refused() -> None:
    dataset = a_dataset(nested(3000, undefined=True), PIXELS)

    with pytest.raises(Unreadable, match="nested"):
        facts(dataset, EXPLICIT)
    with pytest.raises(Unreadable, match="nested"):
        json_model(dataset, EXPLICIT, None)


def test_sequences_that_never_end_are_refused() -> None:
    dataset = a_dataset() + pack("<HH2sHI", 0x40, 0x275, b"SQ", 0, 0xFFFFFFFF)
    dataset += pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)

    with pytest.raises(NeedMore):
        facts(dataset, EXPLICIT)
    with pytest.raises(Unreadable, match="too early"):
        facts(dataset, EXPLICIT, complete=True)


def test_a_value_longer_than_any_dataset_is_refused() -> None:
    private = element(0x00091001, "UN", b"", length=0xFFFFFFFE)

    with pytest.raises(Unreadable, match="64 MB"):
        facts(a_dataset(private), EXPLICIT)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_flipped_bytes_give_facts_or_a_clear_refusal(data: st.DataObject) -> None:
    syntax = data.draw(st.sampled_from([EXPLICIT, IMPLICIT, BIG]))
    sequence = (
        []
        if syntax != EXPLICIT
        else [element(0x00400275, "SQ", item(element(0x00401001, "SH", "RP1")))]
    )
    dataset = bytearray(a_dataset(*sequence, syntax=syntax))
    for _ in range(data.draw(st.integers(1, 6))):
        dataset[data.draw(st.integers(0, len(dataset) - 1))] = data.draw(st.integers(0, 255))

    for read in (
        lambda: facts(dataset, syntax, complete=True),
        lambda: json_model(dataset, syntax, "b"),
    ):
        try:
            read()
        except (Unreadable, NeedMore) as refused:
            assert "Jane" not in str(refused)  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([EXPLICIT, IMPLICIT, BIG, DEFLATED]))
def test_any_bytes_give_facts_or_a_clear_refusal(data: bytes, syntax: str) -> None:
    for complete in (False, True):
        try:
            facts(data, syntax, complete=complete)
        except Unreadable:
            pass
        except NeedMore:
            assert not complete


def test_an_attribute_that_comes_twice_counts_as_it_came_first() -> None:
    dataset = a_dataset() + element(0x00100020, "LO", "another") + element(0x0020000D, "UI", "9.9")

    known = facts(dataset, EXPLICIT, complete=True)

    assert known.keys["00100020"]["Value"] == ["4711"]
    assert known.study == "1.2.3"
    assert model(dataset, EXPLICIT)["00100020"]["Value"] == ["4711"]


def test_a_dataset_of_nothing_but_items_is_refused_before_it_fills_the_memory() -> None:
    dataset = a_dataset(element(0x00400275, "SQ", item() * 200_001))

    with pytest.raises(Unreadable, match="too many"):
        facts(dataset, EXPLICIT)
    with pytest.raises(Unreadable, match="too many"):
        Reader(dataset, complete=True, elements=1000).dataset(0, None, True, True)
