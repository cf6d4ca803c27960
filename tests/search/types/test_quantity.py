"""Quantity search."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.errors import Invalid
from fhirserver.search.types.quantity import measure

UCUM = "http://unitsofmeasure.org"


def observation(**value):
    return {"resourceType": "Observation"} | value


WEIGHT = observation(
    valueQuantity={"value": Decimal("5.4"), "unit": "kilos", "system": UCUM, "code": "kg"}
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("value-quantity=5.4", True),
        (f"value-quantity=5.4|{UCUM}|kg", True),
        (f"value-quantity=5.4|{UCUM}|g", False),
        ("value-quantity=5.4|http://other|kg", False),
        ("value-quantity=5.4||kg", True),
        ("value-quantity=5.4||kilos", True),
        ("value-quantity=5.4|kg", True),
        ("value-quantity=5.4||KG", False),
        ("value-quantity=5.40||kg", True),
        ("value-quantity=5.41||kg", False),
        ("value-quantity=ap5||kg", True),
        ("value-quantity=gt5||kg", True),
        ("value-quantity=le5.4||kg", True),
        ("combo-value-quantity=gt5||kg", True),
        ("value-quantity:missing=false", True),
    ],
)
def test_a_quantity_compares_by_number_and_unit(found, query, expected):
    assert found(WEIGHT, query) is expected


def test_less_than_is_an_open_range(found):
    low = observation(valueQuantity={"value": 5, "comparator": "<"})

    assert found(low, "value-quantity=lt3")
    assert not found(low, "value-quantity=ge5")
    assert not found(low, "value-quantity=5")


def test_money_has_its_currency_as_code(found):
    invoice = {"resourceType": "Invoice", "totalGross": {"value": 40, "currency": "EUR"}}

    assert found(invoice, "totalgross=40|urn:iso:std:iso:4217|EUR")
    assert found(invoice, "totalgross=gt30||EUR")
    assert not found(invoice, "totalgross=40||USD")


def test_sampled_data_are_searched_by_their_bounds():
    sampled = {
        "origin": {"value": 10, "code": "mV"},
        "factor": 2,
        "lowerLimit": -5,
        "data": "1 2 E 3 L",
    }
    found = measure("SampledData", sampled)

    assert found is not None
    assert (found.low, found.high) == (0, 16)


@pytest.mark.parametrize("value", ["x", "5|a|b|c", f"5|{UCUM}|", "|kg", "5.4kg"])
def test_what_is_no_quantity_is_refused(search, value):
    with pytest.raises(Invalid, match="value-quantity"):
        search(f"Observation?value-quantity={value}")
