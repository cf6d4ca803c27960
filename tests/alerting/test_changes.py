"""Delta checks and trends."""

from __future__ import annotations

import pytest

from fhirserver.alerting import Person, changed, reach, shipped_plans
from tests.alerting.results import observed

DELTA, TREND = shipped_plans()["result-changes"], shipped_plans()["deterioration"]


def keys(plan, now, *earlier):
    return [h.rule.key for h in changed(plan, now, earlier, Person())]


def potassium(number, hours=0.0, unit="mmol/L"):
    return observed("2823-3", number, unit, hours=hours)


def test_a_large_change_from_the_last_value_is_told():
    assert keys(DELTA, potassium("5.6"), potassium("4.0", 10)) == ["potassium"]
    assert keys(DELTA, potassium("4.0"), potassium("5.5", 10)) == ["potassium"]
    assert keys(DELTA, potassium("5.4"), potassium("4.0", 10)) == []


def test_only_the_last_value_counts_for_a_delta_check():
    assert keys(DELTA, potassium("5.6"), potassium("4.0", 10), potassium("5.0", 2)) == []


def test_what_is_older_than_the_time_of_the_rule_does_not_count():
    assert keys(DELTA, potassium("5.6"), potassium("4.0", 25)) == []


def test_a_later_value_is_no_earlier_one():
    assert keys(DELTA, potassium("5.6", 5), potassium("4.0", 1)) == []


def test_units_are_converted_before_values_are_compared():
    assert keys(DELTA, potassium("5.6"), potassium("4000", 10, "umol/L")) == ["potassium"]


def test_sodium_that_rises_by_ten_in_a_day_is_told_though_step_by_step():
    steps = [observed("2951-2", n, "mmol/L", hours=h) for n, h in (("112", 20), ("117", 10))]

    assert keys(DELTA, observed("2951-2", "122", "mmol/L"), *steps) == ["sodium-rise"]


@pytest.mark.parametrize(
    ("code", "unit", "now", "before", "hours", "expected"),
    [
        ("2160-0", "mg/dL", "1.3", "1.0", 47, ["kidney"]),
        ("2160-0", "mg/dL", "1.3", "1.0", 49, []),
        ("2160-0", "mg/dL", "1.5", "1.0", 160, ["kidney"]),
        ("2160-0", "mg/dL", "1.49", "1.0", 160, []),
        ("2160-0", "mg/dL", "1.5", "1.0", 170, []),
        ("14682-9", "umol/L", "106.5", "80", 40, ["kidney"]),
        ("2160-0", "mg/dL", "1.0", "1.6", 40, []),
        ("718-7", "g/dL", "10.0", "12.0", 20, ["bleeding"]),
        ("718-7", "g/dL", "10.1", "12.0", 20, []),
        ("777-3", "10*3/uL", "100", "200", 200, ["platelets"]),
        ("777-3", "10*3/uL", "101", "200", 200, []),
    ],
)
def test_trends_of_the_guidelines(code, unit, now, before, hours, expected):
    found = keys(TREND, observed(code, now, unit), observed(code, before, unit, hours=hours))

    assert found == expected


def test_a_trend_is_counted_from_the_lowest_value_of_the_time():
    values = [observed("2160-0", n, "mg/dL", hours=h) for n, h in (("0.9", 40), ("1.1", 20))]
    hits = changed(TREND, observed("2160-0", "1.2", "mg/dL"), values, Person())

    assert "from 0.9 to 1.2 mg/dL in 40 h" in hits[0].text
    assert hits[0].evidence == (f"Observation/{values[0]['id']}",)


def test_the_rules_say_how_far_back_they_look():
    assert reach(TREND, observed("2160-0", "1", "mg/dL")).days == 7
    assert not reach(TREND, observed("8480-6", "120", "mm[Hg]"))
