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
        (f"value-quantity=5400|{UCUM}|g", True),
        (f"value-quantity=5400.0|{UCUM}|g", True),
        (f"value-quantity=0.0054|{UCUM}|t", True),
        (f"value-quantity=12|{UCUM}|[lb_av]", True),
        (f"value-quantity=11.90|{UCUM}|[lb_av]", True),
        (f"value-quantity=11.8|{UCUM}|[lb_av]", False),
        (f"value-quantity=ge5400|{UCUM}|g", True),
        (f"value-quantity=le5400|{UCUM}|g", True),
        (f"value-quantity=gt5400|{UCUM}|g", False),
        (f"value-quantity=5.4|{UCUM}|L", False),
        ("value-quantity=5400||g", False),
        ("value-quantity=5400", False),
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


def test_a_smaller_ph_is_a_larger_concentration(found):
    blood = observation(valueQuantity={"value": Decimal("7.1"), "system": UCUM, "code": "[pH]"})
    acid = observation(
        valueQuantity={"value": 7, "comparator": "<", "system": UCUM, "code": "[pH]"}
    )

    assert found(blood, f"value-quantity=lt7.2|{UCUM}|[pH]")
    assert not found(blood, f"value-quantity=gt7.2|{UCUM}|[pH]")
    assert found(blood, f"value-quantity=gt70|{UCUM}|nmol/L")
    assert found(acid, f"value-quantity=gt100|{UCUM}|nmol/L")
    assert not found(acid, f"value-quantity=lt100|{UCUM}|nmol/L")


def test_temperatures_are_found_on_every_scale(found):
    fever = observation(valueQuantity={"value": Decimal("38.5"), "system": UCUM, "code": "Cel"})

    assert found(fever, f"value-quantity=gt100.4|{UCUM}|[degF]")
    assert not found(fever, f"value-quantity=gt101.4|{UCUM}|[degF]")


def test_a_unit_that_ucum_does_not_have_is_found_as_it_is_written(found):
    pressure = observation(valueQuantity={"value": 120, "system": UCUM, "code": "mmHg"})

    assert found(pressure, f"value-quantity=120|{UCUM}|mmHg")
    assert not found(pressure, f"value-quantity=120|{UCUM}|mm[Hg]")


def test_a_number_beyond_measure_is_indexed_and_asked_for(found):
    beyond = observation(valueQuantity={"value": Decimal("1e1200"), "system": UCUM, "code": "mg"})

    assert found(beyond, f"value-quantity=gt5|{UCUM}|mg") in (True, False)
    assert not found(WEIGHT, f"value-quantity=1e999|{UCUM}|mg")


def test_zero_has_the_sign_that_it_is_written_with_whatever_came_before() -> None:
    found = [measure("Quantity", {"value": Decimal(v), "code": "1"}) for v in ("0", "-0")]

    assert [str(m.low) for m in found if m] == ["0.0", "-0.0"]
