"""From Observations of a window to a level."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fhirserver.alerting import person_of, shipped_plans, warning
from fhirserver.alerting.early_warning import is_for
from tests.alerting.results import MDC, NOW, SNOMED, observed

PLAN = shipped_plans()["early-warning"]


def acvpu(code, hours=0.0):
    one = observed("67775-7", "1", "1", hours=hours)
    del one["valueQuantity"]
    return one | {"valueCodeableConcept": {"coding": [{"system": SNOMED, "code": code}]}}


def pressure(systolic):
    one = observed("85354-9", "1", "1")
    del one["valueQuantity"]
    part = observed("8480-6", systolic, "mm[Hg]")
    return one | {"component": [{k: part[k] for k in ("code", "valueQuantity")}]}


def round_(respiration="16", saturation="97", systolic="125", pulse="72", temperature="36.8"):
    return [
        observed("9279-1", respiration, "/min"), observed("59408-5", saturation, "%"),
        pressure(systolic), observed("8867-4", pulse, "/min"),
        observed("8310-5", temperature, "Cel"), acvpu("248234008"),
    ]  # fmt: skip


def level(observations, **more):
    found = warning(PLAN, NOW, observations, is_scale_2=more.get("is_scale_2", False))
    return found.score.total, found.rule.key if found.rule else None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (0, None)),
        ({"pulse": "112", "respiration": "21"}, (4, None)),
        ({"respiration": "25"}, (3, "low-medium")),
        ({"pulse": "112", "respiration": "21", "temperature": "38.1"}, (5, "medium")),
        ({"pulse": "131", "respiration": "21", "temperature": "38.1"}, (6, "medium")),
        ({"pulse": "131", "respiration": "25", "temperature": "38.1"}, (7, "high")),
    ],
)
def test_a_round_of_vital_signs_has_the_level_of_its_score(changes, expected):
    assert level(round_(**changes)) == expected


def test_of_each_kind_the_newest_in_the_window_counts():
    older = observed("9279-1", "30", "/min", hours=0.5)
    long_ago = observed("8867-4", "140", "/min", hours=1.1)

    assert level([*round_(), older, long_ago]) == (0, None)


def test_oxygen_is_given_when_a_flow_or_a_share_above_air_is_noted():
    assert level([*round_(), observed("3151-8", "2", "L/min")])[0] == 2
    assert level([*round_(), observed("3150-6", "28", "%")])[0] == 2
    assert level([*round_(), observed("3150-6", "21", "%")])[0] == 0
    assert level([*round_(), observed("3151-8", "0", "L/min")])[0] == 0


def test_scale_2_is_used_for_those_it_is_set_for():
    low = [*round_(saturation="90"), observed("3151-8", "2", "L/min")]

    assert level(low) == (5, "medium")
    assert level(low, is_scale_2=True) == (2, None)


def test_codes_and_units_of_devices_are_understood():
    observations = [
        observed("151562", "26", "{breaths}/min", system=MDC),
        observed("149530", "135", "{beats}/min", system=MDC),
        observed("150021", "95", "mm[Hg]", system=MDC),
        observed("150456", "90", "%", system=MDC),
    ]

    assert level(observations) == (3 + 3 + 2 + 3, "high")
    assert level([observed("8310-5", "95", "[degF]")]) == (3, "low-medium")
    assert level([observed("8480-6", "11.5", "kPa")])[0] == 3


def test_what_is_missing_is_said_and_the_score_is_at_least_that():
    found = warning(PLAN, NOW, round_(respiration="25")[:1], is_scale_2=False)

    assert found.hit.text.startswith("NEWS2 at least 3 (respiration 3; not measured: SpO2,")


def test_an_unknown_level_of_consciousness_is_not_measured():
    found = warning(PLAN, NOW, [*round_()[:5], acvpu("12345")], is_scale_2=False)

    assert found.score.missing == ("consciousness",)


def test_confusion_that_is_new_is_three_points():
    assert level([*round_()[:5], acvpu("130987000")]) == (3, "low-medium")


def test_it_is_not_for_children_nor_in_pregnancy():
    adult = person_of({"birthDate": "1970-01-01"}, NOW)
    child = person_of({"birthDate": (NOW - timedelta(days=5000)).date().isoformat()}, NOW)

    assert is_for(PLAN, adult, is_pregnant=False)
    assert not is_for(PLAN, adult, is_pregnant=True)
    assert not is_for(PLAN, child, is_pregnant=False)
    assert is_for(PLAN, person_of({}, NOW), is_pregnant=False)


def test_a_measurement_in_error_is_none():
    wrong = observed("9279-1", "40", "/min", status="entered-in-error")

    assert level([wrong, *round_()[1:]]) == (0, None)


@pytest.mark.parametrize("unit", ["", "1", "%"])
def test_a_saturation_of_97_is_no_share_of_one(unit):
    bare = observed("59408-5", "85", unit)
    bare["valueQuantity"] = {k: v for k, v in bare["valueQuantity"].items() if v != ""}

    assert level([*round_()[:1], bare, *round_()[2:]]) == (3, "low-medium")
    assert level([observed("59408-5", "0.85", "1")])[0] == 3
    air = observed("3150-6", "21", unit)
    assert level([*round_(), air])[0] == 0


def test_a_saturation_that_cannot_be_is_not_measured():
    found = warning(PLAN, NOW, [observed("59408-5", "970", "%")], is_scale_2=False)

    assert "saturation" in found.score.missing


@pytest.mark.parametrize("number", ["1200", "1e40", "-3"])
def test_a_value_far_beyond_the_chart_keeps_nobody_from_being_called(number):
    wild = observed("8867-4", number, "/min")

    assert level([*round_()[:3], wild, *round_()[4:]]) == (3, "low-medium")


def test_a_value_that_is_only_known_to_be_beyond_counts_where_it_says_enough():
    def pressed(number):
        return level([observed("8480-6", number, "mm[Hg]")])

    assert pressed("<60") == (3, "low-medium")
    assert pressed(">230") == (3, "low-medium")
    # It may be anything.
    assert pressed("<240") == (0, None)
    assert "systolic" in warning(PLAN, NOW, [observed("8480-6", ">50", "mm[Hg]")],
                                 is_scale_2=False).score.missing  # fmt: skip


@pytest.mark.parametrize(
    ("code", "number", "spelt"),
    [("8480-6", "85", "mmHg"), ("8867-4", "135", "bpm"), ("8310-5", "34.5", "°C"),
     ("8310-5", "94", "°F"), ("9279-1", "26", "breaths/min"), ("9279-1", "26", None)],
)  # fmt: skip
def test_units_are_understood_as_people_spell_them(code, number, spelt):
    one = observed(code, number, "")
    one["valueQuantity"] = {"value": one["valueQuantity"]["value"]}
    if spelt:
        one["valueQuantity"]["unit"] = spelt

    assert level([one]) == (3, "low-medium")
