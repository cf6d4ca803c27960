"""A new allergy against what the patient takes."""

from __future__ import annotations

import pytest

from fhirserver import clock
from fhirserver.workflows.new_allergy import act
from fhirserver.workflows.occasion import Change, Occasion
from tests.workflows.alert_world import World, reference, to

RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
PENICILLIN = "91936005"
AMOXICILLIN = {"coding": [{"system": RX, "code": "723", "display": "amoxicillin"}]}


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def looked(engine):
    def look(allergy, version=1):
        change = Change("AllergyIntolerance", allergy["id"], version, "C", clock.now())
        act(Occasion(engine, "new_allergy", change, allergy, None))

    return look


def an_order(world, **medicine):
    return world.made({
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "subject": to(world.patient), "encounter": to(world.encounter),
        "requester": to(world.ordering), "medicationCodeableConcept": AMOXICILLIN, **medicine,
    })  # fmt: skip


def test_an_allergy_to_penicillins_is_one_to_amoxicillin(world, looked):
    an_order(world)
    looked(an_allergy(world, {"coding": [{"system": "http://snomed.info/sct", "code": PENICILLIN,
                                          "display": "Allergy to penicillin"}]}))  # fmt: skip

    assert "penicillin" in world.tasks()[0]["description"].lower()


def an_allergy(world, code=AMOXICILLIN):
    active = {"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
        "code": "active"}]}  # fmt: skip
    return world.made({"resourceType": "AllergyIntolerance", "patient": to(world.patient),
                       "clinicalStatus": active, "code": code})  # fmt: skip


def test_it_is_told_with_the_order_and_the_allergy(world, looked):
    order, allergy = an_order(world), an_allergy(world)
    looked(allergy)
    looked(allergy)

    (issue,), (task,) = world.found("DetectedIssue"), world.tasks()
    assert [i["reference"] for i in issue["implicated"]] == [reference(allergy), reference(order)]
    assert task["priority"] == "stat"
    assert task["owner"] == to(world.attending)


def test_an_ingredient_of_a_stored_medicine_counts(world, looked):
    medicine = world.made({"resourceType": "Medication",
                           "ingredient": [{"itemCodeableConcept": AMOXICILLIN}]})  # fmt: skip
    order = an_order(world)
    order.pop("medicationCodeableConcept")
    world.put(order, medicationReference=to(medicine))
    looked(an_allergy(world))

    assert len(world.tasks()) == 1


def test_one_that_is_refuted_takes_the_alert_back(world, looked):
    an_order(world)
    allergy = an_allergy(world)
    looked(allergy)
    status = {"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
        "code": "refuted"}]}  # fmt: skip
    looked(world.put(allergy, verificationStatus=status), 2)

    assert world.found("DetectedIssue")[0]["status"] == "cancelled"
    assert world.tasks()[0]["status"] == "cancelled"
