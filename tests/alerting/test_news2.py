"""NEWS2, worked by hand from charts 1 and 2 of the Royal College of Physicians, London 2017."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.alerting.news2 import Vitals, score


def one(name: str, value: object, **more: object) -> int:
    return score(Vitals(**{name: value, **more})).parts.get(
        {"is_alert": "consciousness"}.get(name, name), -1
    )


@pytest.mark.parametrize(
    ("name", "bands"),
    [
        ("respiration", "4:3 8:3 9:1 11:1 12:0 20:0 21:2 24:2 25:3 60:3"),
        ("saturation", "60:3 91:3 92:2 93:2 94:1 95:1 96:0 100:0"),
        ("systolic", "60:3 90:3 91:2 100:2 101:1 110:1 111:0 219:0 220:3 260:3"),
        ("pulse", "30:3 40:3 41:1 50:1 51:0 90:0 91:1 110:1 111:2 130:2 131:3 200:3"),
        ("temperature", "34.0:3 35.0:3 35.1:1 36.0:1 36.1:0 38.0:0 38.1:1 39.0:1 39.1:2 41:2"),
    ],
)
def test_each_band_of_the_chart_begins_and_ends_where_the_college_says(name, bands):
    expected = [pair.split(":") for pair in bands.split()]

    assert [one(name, Decimal(v)) for v, _ in expected] == [int(p) for _, p in expected]


def test_scale_2_on_air_has_no_upper_penalty():
    bands = {70: 3, 83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 0, 97: 0, 100: 0}

    assert {v: one("saturation", Decimal(v), is_scale_2=True) for v in bands} == bands


def test_scale_2_on_oxygen_counts_too_much_of_it():
    bands = {83: 3, 85: 2, 87: 1, 88: 0, 92: 0, 93: 1, 94: 1, 95: 2, 96: 2, 97: 3, 100: 3}

    found = {v: one("saturation", Decimal(v), is_scale_2=True, on_oxygen=True) for v in bands}

    assert found == bands


def test_oxygen_is_two_points_and_anything_but_alert_three():
    assert score(Vitals(on_oxygen=True)).total == 2
    assert score(Vitals(is_alert=False)).total == 3
    assert score(Vitals(is_alert=True, on_oxygen=False)).total == 0


@pytest.mark.parametrize(
    ("vitals", "total", "reds"),
    [
        # respiration 22 -> 2, SpO2 93 -> 2, oxygen -> 2, systolic 105 -> 1, pulse 112 -> 2, A, 38.5 -> 1
        ((22, 93, True, 105, 112, True, "38.5"), 10, ()),
        # Everything as it should be.
        ((16, 97, False, 125, 72, True, "36.8"), 0, ()),
        # Newly confused, all else normal: a red score of 3.
        ((16, 97, False, 125, 72, False, "36.8"), 3, ("consciousness",)),
        # The worst of all: 3 + 3 + 2 + 3 + 3 + 3 + 3.
        ((30, 80, True, 70, 150, False, "34.5"), 20, (
            "respiration", "saturation", "systolic", "pulse", "consciousness", "temperature")),
        # 21 -> 2, 95 -> 1, 0, 111 -> 0, 91 -> 1, A, 38.1 -> 1: the threshold of urgent response.
        ((21, 95, False, 111, 91, True, "38.1"), 5, ()),
        # 24 -> 2, 94 -> 1, 0, 100 -> 2, 110 -> 1, A, 39.0 -> 1: emergency response.
        ((24, 94, False, 100, 110, True, "39.0"), 7, ()),
    ],
)  # fmt: skip
def test_whole_sets_of_observations_have_the_score_of_the_chart(vitals, total, reds):
    names = ("respiration", "saturation", "on_oxygen", "systolic", "pulse", "is_alert",
             "temperature")  # fmt: skip
    values = {
        n: v if isinstance(v, bool) else Decimal(v) for n, v in zip(names, vitals, strict=True)
    }

    found = score(Vitals(**values))

    assert (found.total, found.reds(), found.missing) == (total, reds, ())


def test_what_was_not_measured_is_named():
    found = score(Vitals(respiration=Decimal(25)))

    assert found.total == 3
    assert found.missing == ("saturation", "systolic", "pulse", "consciousness", "temperature")


def test_values_between_the_bands_are_rounded_half_up_as_on_paper():
    assert one("temperature", Decimal("38.04")) == 0
    assert one("temperature", Decimal("38.05")) == 1
    assert one("respiration", Decimal("20.5")) == 2
