"""Values as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.summaries.wording import dosage, observed, period, quantity


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"value": Decimal("4.10"), "unit": "mmol/L"}, "4.10 mmol/L"),
        ({"value": 98, "unit": "%"}, "98%"),
        ({"value": 5, "comparator": "<", "code": "mg"}, "<5 mg"),
        ({"unit": "mg"}, ""),
    ],
)
def test_quantities_keep_their_digits(value, text):
    assert quantity(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"start": "2024-05-01", "end": "2024-05-03"}, "2024-05-01 to 2024-05-03"),
        (
            {"start": "2024-05-01T08:57:00Z", "end": "2024-05-01T09:07:00Z"},
            "2024-05-01 08:57 to 09:07",
        ),
        ({"start": "2024-05-01", "end": "2024-05-01"}, "2024-05-01"),
        ({"start": "2024"}, "since 2024"),
        ({"end": "2024"}, "until 2024"),
        ({}, ""),
    ],
)
def test_periods(value, text):
    assert period(value) == text


def test_a_missing_value_says_why():
    reason = {"coding": [{"code": "not-performed", "display": "Not Performed"}]}

    assert observed({"dataAbsentReason": reason}) == "Not Performed"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"text": "one at night"}, "one at night"),
        (
            {"timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}},
            "once every 8 hours",
        ),
        ({"asNeededCodeableConcept": {"text": "pain"}}, "as needed for pain"),
        ({}, ""),
    ],
)
def test_directions(value, text):
    assert dosage(value) == text
