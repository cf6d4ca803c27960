"""Allergies against what is taken."""

from __future__ import annotations

import pytest

from fhirserver.alerting import conflicts, shipped_plans

RULE = shipped_plans()["new-allergy"].rules[0]
RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
AMOXICILLIN = {"coding": [{"system": RX, "code": "723", "display": "amoxicillin"}]}


def allergy(code=AMOXICILLIN, **more):
    return {"resourceType": "AllergyIntolerance", "id": "a", "code": code, **more}


def order(status="active", kind="MedicationRequest", **medicine):
    return {"resourceType": kind, "id": "m", "status": status,
            **(medicine or {"medicationCodeableConcept": AMOXICILLIN})}  # fmt: skip


def found(one, *orders, medications=None, **more):
    return [h.text for _, h in conflicts(RULE, one, orders, medications or {}, **more)]


def test_a_medicine_with_the_code_of_the_allergy_goes_against_it():
    assert found(allergy(), order()) == [
        "Allergy against current medication: amoxicillin, and amoxicillin is given"
    ]


@pytest.mark.parametrize("status", ["stopped", "completed", "cancelled", "entered-in-error"])
def test_what_is_no_longer_taken_does_not(status):
    assert not found(allergy(), order(status))


def test_an_ingredient_counts_and_so_does_a_substance_of_a_reaction():
    medicine = {"Medication/1": {"code": {"text": "Augmentin"},
                                 "ingredient": [{"itemCodeableConcept": AMOXICILLIN}]}}  # fmt: skip
    by_reference = order(medicationReference={"reference": "Medication/1"})

    assert found(allergy(), by_reference, medications=medicine)
    reaction = allergy({"text": "antibiotic"}, reaction=[{"substance": AMOXICILLIN}])
    assert found(reaction, by_reference, medications=medicine)


def test_a_contained_medicine_counts():
    inside = order(medicationReference={"reference": "#m"},
                   contained=[{"resourceType": "Medication", "id": "m", "code": AMOXICILLIN}])  # fmt: skip

    assert found(allergy(), inside)


@pytest.mark.parametrize(
    ("name", "code"), [("verificationStatus", "refuted"), ("clinicalStatus", "resolved")]
)
def test_an_allergy_that_is_refuted_or_over_is_none(name, code):
    assert not found(allergy(**{name: {"coding": [{"code": code}]}}), order())


def test_who_knows_medicines_may_say_that_a_class_covers_one():
    penicillins = allergy({"coding": [{"system": RX, "code": "penicillins"}]})

    assert not found(penicillins, order())
    assert found(penicillins, order(), said=lambda _: "a penicillin") == [
        "Allergy against current medication: a penicillin"
    ]
