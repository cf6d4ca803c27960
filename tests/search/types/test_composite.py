"""Composite search: what belongs together is compared together."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid, NotSupported

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def concept(code: str, system: str = LOINC):
    return {"coding": [{"system": system, "code": code}]}


def pressure(code: str, value: float):
    quantity = {"value": value, "system": UCUM, "code": "mm[Hg]"}
    return {"code": concept(code), "valueQuantity": quantity}


BLOOD_PRESSURE = {
    "resourceType": "Observation",
    "code": concept("85354-9"),
    "component": [pressure("8480-6", 107), pressure("8462-4", 60)],
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"component-code-value-quantity={LOINC}|8480-6$107|{UCUM}|mm[Hg]", True),
        ("component-code-value-quantity=8480-6$gt100", True),
        ("component-code-value-quantity=8462-4$gt100", False),
        ("combo-code-value-quantity=8462-4$gt100", False),
        ("combo-code-value-quantity=8462-4$lt100", True),
        ("combo-code-value-quantity=85354-9$lt100", False),
        ("code-value-quantity=8462-4$lt100", False),
        ("combo-code-value-quantity:missing=false", True),
        ("code-value-quantity:missing=true", True),
        ("combo-code=8480-6&combo-value-quantity=60", True),
    ],
)
def test_a_components_value_goes_with_its_own_code(found, query, expected):
    assert found(BLOOD_PRESSURE, query) is expected


def test_two_codes_make_one_element(found):
    observation = {
        "resourceType": "Observation",
        "code": concept("883-9"),
        "valueCodeableConcept": concept("112144000", "http://snomed.info/sct"),
    }

    assert found(observation, f"code-value-concept={LOINC}|883-9$112144000")
    assert found(observation, "code-value-concept=883-9$http://snomed.info/sct|112144000")
    assert found(observation, "code-value-concept=1$2,883-9$112144000")
    assert not found(observation, "code-value-concept=112144000$883-9")
    assert found(observation, "combo-code-value-concept=883-9$112144000")


def test_a_code_goes_with_a_date_or_a_text(found):
    observation = {"resourceType": "Observation", "code": concept("1")}

    assert found(observation | {"valueDateTime": "2024-05-17"}, "code-value-date=1$ge2024-05")
    assert not found(observation | {"valueDateTime": "2024-05-17"}, "code-value-date=2$ge2024-05")
    assert found(observation | {"valueString": "Positive"}, "code-value-string=1$pos")


def test_a_relation_goes_with_its_target(found):
    document = {
        "resourceType": "DocumentReference",
        "relatesTo": [
            {"code": "replaces", "target": {"reference": "DocumentReference/1"}},
            {"code": "signs", "target": {"reference": "DocumentReference/2"}},
        ],
    }

    assert found(document, "relationship=replaces$DocumentReference/1")
    assert found(document, "relationship=signs$2")
    assert not found(document, "relationship=replaces$DocumentReference/2")


def test_start_and_end_of_one_variant_are_compared_together(found):
    def variant(start: int, end: int):
        return {"start": start, "end": end}

    sequence = {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": concept("1"), "windowStart": 1, "windowEnd": 900},
        "variant": [variant(100, 200), variant(300, 400)],
    }

    assert found(sequence, "chromosome-variant-coordinate=1$ge100$le200")
    assert not found(sequence, "chromosome-variant-coordinate=1$ge300$le200")
    assert not found(sequence, "chromosome-variant-coordinate=2$ge100$le200")
    assert found(sequence, "chromosome-window-coordinate=1$lt5$gt800")


@pytest.mark.parametrize("value", ["a", "a$b$c", "$5", "a$", "a$x"])
def test_a_composite_needs_all_its_parts(search, value):
    with pytest.raises(Invalid, match="value-quantity"):
        search(f"Observation?code-value-quantity={value}")


def test_a_system_alone_is_not_kept_in_composites(search):
    with pytest.raises(NotSupported, match="needs a code"):
        search(f"Observation?code-value-quantity={LOINC}|$5")
