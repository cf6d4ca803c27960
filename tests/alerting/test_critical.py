"""Critical results: limits by code, unit, age and sex."""

from __future__ import annotations

import pytest

from fhirserver.alerting import critical, person_of, plan_of, shipped_plans, uncompared
from tests.alerting.results import LABORATORY, LOINC, NOW, observed

ADULT = person_of({"birthDate": "1970-01-01", "gender": "female"}, NOW)
CHILD = person_of({"birthDate": "2012-01-01", "gender": "male"}, NOW)
PLAN = shipped_plans()["critical-results"]


def keys(observation, person=ADULT, plan=PLAN):
    return [h.rule.key for h in critical(plan, observation, person)]


@pytest.mark.parametrize(
    ("code", "number", "unit", "expected"),
    [
        ("2823-3", "6.5", "mmol/L", ["potassium"]),
        ("2823-3", "6.4", "mmol/L", []),
        ("2823-3", "2.5", "mmol/L", ["potassium"]),
        ("2823-3", "2.6", "mmol/L", []),
        ("2823-3", "6.5", "meq/L", ["potassium"]),
        ("2823-3", "6500", "umol/L", ["potassium"]),
        ("2951-2", "120", "mmol/L", ["sodium"]),
        ("2951-2", "121", "mmol/L", []),
        ("2345-7", "450", "mg/dL", ["glucose"]),
        ("2345-7", "4.5", "g/L", ["glucose"]),
        ("2345-7", "449", "mg/dL", []),
        ("14749-6", "2.5", "mmol/L", ["glucose"]),
        ("718-7", "6.9", "g/dL", ["haemoglobin"]),
        ("718-7", "7.0", "g/dL", []),
        ("718-7", "69", "g/L", ["haemoglobin"]),
        ("777-3", "29", "10*3/uL", ["platelets"]),
        ("777-3", "30", "10*3/uL", []),
        ("6301-6", "6.6", "{INR}", ["inr"]),
        ("6301-6", "6.5", "{INR}", []),
        ("2524-7", "4.0", "mmol/L", ["lactate"]),
        ("2160-0", "4.0", "mg/dL", ["creatinine"]),
        ("2744-1", "7.2", "[pH]", ["ph"]),
        ("2744-1", "7.2", "1", ["ph"]),
        ("2823-3", "7.0", "kg", []),
        ("8480-6", "300", "mm[Hg]", []),
    ],
)
def test_a_value_at_or_beyond_a_limit_in_whatever_unit_is_critical(code, number, unit, expected):
    assert keys(observed(code, number, unit)) == expected


def test_children_have_limits_of_their_own():
    sodium, glucose = observed("2951-2", "130", "mmol/L"), observed("14749-6", "15", "mmol/L")

    assert (keys(sodium), keys(glucose)) == ([], [])
    assert (keys(sodium, CHILD), keys(glucose, CHILD)) == (["sodium"], ["glucose"])


def test_on_the_sixteenth_birthday_the_limits_of_adults_begin():
    sodium = observed("2951-2", "125", "mmol/L")

    assert keys(sodium, person_of({"birthDate": "2010-11-30"}, NOW)) == ["sodium"]
    assert keys(sodium, person_of({"birthDate": "2010-11-29"}, NOW)) == []


def test_of_an_unknown_age_every_limit_holds_and_the_alert_says_so():
    hits = critical(PLAN, observed("2951-2", "130", "mmol/L"), person_of({}, NOW))

    assert [h.rule.key for h in hits] == ["sodium"]
    assert "age unknown" in hits[0].text


def test_a_value_only_known_to_be_beyond_something_counts():
    assert keys(observed("2345-7", "<20", "mg/dL")) == ["glucose"]
    assert keys(observed("777-3", "<10", "10*3/uL")) == ["platelets"]
    assert keys(observed("6301-6", ">8", "{INR}")) == ["inr"]
    assert keys(observed("1988-5", "<1", "mg/L")) == []


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error", "unknown"])
def test_a_result_that_nobody_stands_for_is_not_critical(status):
    assert keys(observed("2823-3", "7.0", "mmol/L", status=status)) == []


@pytest.mark.parametrize("status", ["preliminary", "final", "amended", "corrected"])
def test_a_preliminary_result_is_as_critical_as_a_final_one(status):
    assert keys(observed("2823-3", "7.0", "mmol/L", status=status)) == ["potassium"]


def test_a_component_is_judged_like_a_result():
    panel = observed("24323-8", "1", "1")
    del panel["valueQuantity"]
    panel["component"] = [{k: observed("2823-3", "7.1", "mmol/L")[k]
                           for k in ("code", "valueQuantity")}]  # fmt: skip

    assert keys(panel) == ["potassium"]


def test_what_the_laboratory_flags_is_told_unless_a_limit_has_told_it():
    flag = [{"coding": [{"code": "HH"}]}]
    more = {"interpretation": flag, "category": LABORATORY}
    troponin = observed("89579-7", "250", "ng/L", **more)

    assert keys(troponin) == ["laboratory-flag"]
    assert keys(observed("2823-3", "7.0", "mmol/L", **more)) == ["potassium"]
    assert keys(observed("8480-6", "230", "mm[Hg]", interpretation=flag)) == []


def own(**limit):
    parts = [{"url": k, **v} for k, v in limit.items()]
    return plan_of({
        "resourceType": "PlanDefinition",
        "url": "https://fhirserver.example/PlanDefinition/critical-results",
        "status": "active",
        "action": [{
            "id": "hb", "title": "Hb",
            "trigger": [{"data": [{"codeFilter": [
                {"path": "code", "code": [{"system": LOINC, "code": "718-7"}]}]}]}],
            "extension": [{"url": "alert-limit", "extension": parts}],
        }],
    })  # fmt: skip


def test_a_limit_for_one_sex_is_no_limit_for_the_other():
    plan = own(low={"valueQuantity": {"value": 80, "code": "g/L"}}, gender={"valueCode": "female"})
    low = observed("718-7", "7.5", "g/dL")

    assert keys(low, ADULT, plan) == ["hb"]
    assert keys(low, CHILD, plan) == []
    assert keys(low, person_of({"birthDate": "1970"}, NOW), plan) == ["hb"]


@pytest.mark.parametrize(
    ("code", "number", "spelt", "expected"),
    [
        ("2744-1", "6.9", "pH", "ph"),
        ("2744-1", "6.9", None, "ph"),
        ("777-3", "9", "K/uL", "platelets"),
        ("777-3", "9", "x10E3/uL", "platelets"),
        ("6301-6", "8", "INR", "inr"),
        ("2157-6", "6000", "IU/L", "creatine-kinase"),
        ("2019-8", "80", "mmHg", "pco2"),
    ],
)
def test_units_are_understood_as_laboratories_spell_them(code, number, spelt, expected):
    one = observed(code, number, "")
    one["valueQuantity"] = {"value": one["valueQuantity"]["value"]}
    if spelt:
        one["valueQuantity"]["unit"] = spelt

    assert keys(one) == [expected]
    assert uncompared(PLAN, one) == []


def test_a_value_that_no_limit_can_be_compared_with_is_named():
    assert uncompared(PLAN, observed("2823-3", "7.1", "kg")) == ["potassium"]
    assert uncompared(PLAN, observed("2823-3", "7.1", "mmol/L")) == []
    assert uncompared(PLAN, observed("8480-6", "120", "kg")) == []
