"""One key and one value (PS3.4 C.2.2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from dicom_gateway.matching import How, answered, matches
from tests.pace import soon


def element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def met(vr: str, key: Any, *values: Any, how: How | None = None) -> bool:
    return matches({"00100010": element(vr, key)}, {"00100010": element(vr, *values)}, how)


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("LO", "Chest", "Chest", True),
        ("LO", "chest", "Chest", False),
        ("SH", "12 ", "12", True),
        ("CS", "CT", "CTA", False),
        ("AE", "AA2", "aa2", False),
        ("LO", "Ch*t", "Chest", True),
        ("LO", "Ch?st", "Chest", True),
        ("LO", "Ch?st", "Chst", False),
        ("LO", "*", "", True),
        ("LO", "?", "", False),
        ("LO", "a.c*", "abc", False),
        ("LO", "*a*b*c", "xaxbxbxc", True),
        ("LO", "*a*b*c", "xbxaxc", False),
        ("IS", "7", 7, True),
        ("IS", "07", 7, True),
        ("DS", "1.50", 1.5, True),
        ("US", 512, 512, True),
        ("UI", "1.2.3", "1.2.3", True),
        ("UI", "1.2.*", "1.2.3", False),
        ("UI", "1.2.3", "1.2.3\0", True),
    ],
)
def test_single_values_and_wild_cards_by_representation(
    vr: str, key: Any, value: Any, expected: bool
) -> None:
    assert met(vr, key, value) is expected


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("doe^john", "DOE^JOHN", True),
        ("MULLER*", "Müller^Heinz", True),
        ("Müller^Heinz", "Mu\u0308ller^Heinz^^", True),
        ("Doe", "Doe^John", False),
        ("Doe^*", "Doe", True),
        ("D?e^*", "Doe^John", True),
        ("*john*", "Doe^John", True),
        ("Ｙａｍａｄａ*", "Yamada^Tarou", True),
    ],
)
def test_names_match_without_case_and_accents(key: str, name: str, expected: bool) -> None:
    assert met("PN", {"Alphabetic": key}, {"Alphabetic": name}) is expected


YAMADA = {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}


def test_a_name_is_found_by_any_of_its_component_groups() -> None:
    assert met("PN", {"Alphabetic": "山田*"}, YAMADA)
    assert met("PN", {"Phonetic": "やまだ*"}, YAMADA)
    assert met("PN", {"Alphabetic": "yamada^tarou"}, YAMADA)


def test_a_key_of_several_groups_needs_each_of_them() -> None:
    assert met("PN", {"Alphabetic": "Yamada*", "Ideographic": "山田^太郎"}, YAMADA)
    assert not met("PN", {"Alphabetic": "Yamada*", "Ideographic": "山本*"}, YAMADA)


def test_fuzzy_names_match_by_the_beginnings_of_words_in_any_order() -> None:
    fuzzy = How(is_fuzzy=True)

    assert met("PN", {"Alphabetic": "joh do"}, {"Alphabetic": "Doe^John"}, how=fuzzy)
    assert not met("PN", {"Alphabetic": "oe"}, {"Alphabetic": "Doe^John"}, how=fuzzy)


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("DA", "20260701", "20260701", True),
        ("DA", "20260701", "2026.07.01", True),
        ("DA", "20260701-", "20260630", False),
        ("DA", "-20260701", "20260701", True),
        ("DA", "20260601-20260701", "20260615", True),
        ("DA", "20260601-20260701", "", False),
        ("TM", "12", "125959", True),
        ("TM", "12", "130000", False),
        ("TM", "120000-", "12", True),
        ("TM", "1000-1200", "10:30:00", True),
        ("TM", "085607", "085607.000000", True),
        ("DT", "2026", "20260701120000", True),
        ("DT", "20260701-20260702", "20260702235959.5", True),
        ("DT", "20260701100000-0500", "20260701150000+0000", True),
        ("DT", "-20260701", "20260702", False),
    ],
)
def test_dates_and_times_match_singly_and_in_ranges(
    vr: str, key: str, value: str, expected: bool
) -> None:
    assert met(vr, key, value) is expected


@pytest.mark.parametrize(
    ("vr", "key"), [("DA", "yesterday"), ("DA", "-"), ("TM", "1"), ("DT", "12")]
)
def test_a_range_that_cannot_be_read_is_said_so(vr: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"no |end"):
        met(vr, key, "20260101")


def test_one_of_several_values_will_do_on_either_side() -> None:
    assert met("AE", "AA33", "AA32", "AA33")
    keys = {"0020000D": element("UI", "1.1", "1.2")}
    assert matches(keys, {"0020000D": element("UI", "1.2")})
    assert not matches(keys, {"0020000D": element("UI", "1.3")})


def test_empty_keys_match_what_has_no_value_too() -> None:
    keys = {"00100010": element("PN"), "00080060": element("CS", "")}

    assert matches(keys, {})
    assert not matches({"00100020": element("LO", "7")}, {})


def test_what_says_how_to_ask_is_no_key() -> None:
    keys = {"00080005": element("CS", "ISO_IR 100"), "00080052": element("CS", "STUDY")}

    assert matches(keys, {"00080005": element("CS", "ISO_IR 192")})


def test_thousands_of_stars_cost_nothing() -> None:
    with soon(20):
        assert not met("LT", "*a" * 3_000 + "b", "a" * 10_000)


def test_responses_have_every_attribute_that_was_asked_for() -> None:
    keys = {
        "00100010": element("PN"),
        "00081030": element("LO"),
        "00400100": element("SQ", {"00080060": element("CS"), "00400012": element("LO")}),
        "00321064": element("SQ", {}),
    }
    item = {
        "00100010": element("PN", {"Alphabetic": "Doe"}),
        "00100020": element("LO", "7"),
        "00400100": element(
            "SQ", {"00080060": element("CS", "MR"), "00400001": element("AE", "X")}
        ),
        "00321064": element("SQ", {"00080100": element("SH", "1")}),
    }

    assert answered(keys, item) == {
        "00100010": item["00100010"],
        "00081030": {"vr": "LO"},
        "00400100": element("SQ", {"00080060": element("CS", "MR"), "00400012": {"vr": "LO"}}),
        "00321064": item["00321064"],
    }
