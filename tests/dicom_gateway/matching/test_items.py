"""Keys together: sequences, moments, zones."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from dicom_gateway.matching import How, matches

CEST = timezone(timedelta(hours=2))


def element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def at(date: str, time: str = "") -> dict[str, Any]:
    return {"00080020": element("DA", date), "00080030": element("TM", *([time] if time else []))}


def step(**attributes: str) -> dict[str, Any]:
    vrs = {"00080060": "CS", "00400001": "AE"}
    return {tag[1:]: element(vrs[tag[1:]], value) for tag, value in attributes.items()}


def test_one_item_of_a_sequence_must_meet_all_keys() -> None:
    keys = {"00400100": element("SQ", step(_00080060="CT", _00400001="AA"))}
    split = element(
        "SQ", step(_00080060="CT", _00400001="BB"), step(_00080060="MR", _00400001="AA")
    )
    whole = element(
        "SQ", step(_00080060="MR", _00400001="BB"), step(_00080060="CT", _00400001="AA")
    )

    assert not matches(keys, {"00400100": split})
    assert matches(keys, {"00400100": whole})
    assert not matches(keys, {})


def test_a_sequence_of_empty_keys_matches_everything() -> None:
    keys = {"00400100": element("SQ", {"00080060": element("CS")}), "00321064": element("SQ", {})}

    assert matches(keys, {})


@pytest.mark.parametrize(
    ("date", "time", "apart", "together"),
    [
        ("20260705", "110000", True, True),
        ("20260705", "090000", False, False),
        ("20260706", "030000", False, True),
        ("20260707", "175959", True, True),
        ("20260707", "190000", False, False),
        ("20260708", "110000", False, False),
        ("20260706", "", False, True),
    ],
)
def test_a_range_of_dates_and_times_is_one_where_it_is_agreed(
    date: str, time: str, apart: bool, together: bool
) -> None:
    keys = at("20260705-20260707", "100000-180000")

    assert matches(keys, at(date, time)) is apart
    assert matches(keys, at(date, time), How(is_combined=True)) is together


def test_a_time_of_every_day_stays_one() -> None:
    combined = How(is_combined=True)

    assert matches(at("20260705-20260707", "10"), at("20260706", "103000"), combined)
    assert not matches(at("20260705-20260707", "10"), at("20260706", "113000"), combined)
    assert matches(at("20260706", "10-12"), at("20260706", "113000"), combined)


def test_dates_are_compared_in_the_zone_of_the_query() -> None:
    late = at("20260701", "233000")
    how = How(zone=CEST, home=UTC)

    assert matches(at("20260702"), late, how)
    assert not matches(at("20260701"), late, how)
    assert matches(at("20260702", "01-02"), late, how)
    own = late | {"00080201": element("SH", "+0200")}
    assert matches(at("20260701"), own, how)


def test_a_day_without_a_time_stays_the_day() -> None:
    assert matches(at("20260701"), at("20260701"), How(zone=CEST, home=UTC))


def test_a_sequence_within_a_sequence_is_matched() -> None:
    code = element("SQ", {"00080100": element("SH", "P1")})
    keys = {"00400100": element("SQ", {"00400008": code})}

    assert matches(keys, {"00400100": element("SQ", {"00400008": code})})
    assert not matches(keys, {"00400100": element("SQ", step(_00080060="CT"))})
