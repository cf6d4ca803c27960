"""Number search: implicit precision."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.errors import Invalid
from fhirserver.search.types.number import asked


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("100", 99.5, 100.5), ("100.00", 99.995, 100.005), ("1e2", 95, 105), ("5.40", 5.395, 5.405),
     ("-1", -1.5, -0.5), ("0.8", 0.75, 0.85), ("1e-3", 0.0005, 0.0015)],
)  # fmt: skip
def test_a_value_stands_for_all_that_round_to_it(text, low, high):
    found = asked("probability", text, "a number")

    assert (found.low, found.high) == (low, high)
    assert found.exact == float(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9, places=3))
def test_a_value_lies_in_its_own_range(value: Decimal):
    found = asked("probability", str(value), "a number")

    assert found.low <= found.exact <= found.high


@pytest.mark.parametrize("text", ["abc", "1,5e", "1e9999", "--1", "0x1", "nan", "inf", "gt", "1 2"])
def test_what_is_no_number_is_refused(search, text):
    with pytest.raises(Invalid, match="probability"):
        search(f"RiskAssessment?probability={text}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("probability=0.8", True),
        ("probability=0.80", False),
        ("probability=gt0.8", True),
        ("probability=lt0.8", False),
        ("probability=ge0.82", True),
        ("probability=ap0.9", True),
        ("probability=ap0.7", False),
        ("probability=ne0.7", True),
        ("probability:missing=false", True),
    ],
)
def test_a_probability_compares_with_numbers(found, query, expected):
    risk = {"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": 0.82}]}

    assert found(risk, query) is expected


def test_a_range_is_between_its_ends(found):
    risk = {
        "resourceType": "RiskAssessment",
        "prediction": [{"probabilityRange": {"low": {"value": 20}, "high": {"value": 30}}}],
    }

    assert found(risk, "probability=gt25")
    assert found(risk, "probability=lt25")
    assert found(risk, "probability=sa19")
    assert not found(risk, "probability=25")
