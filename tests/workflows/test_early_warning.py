"""The flag of a patient follows the score; somebody is called when the level rises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fhirserver import clock
from fhirserver.workflows import early_warning
from tests.workflows.alert_world import World, to

ACTS = {"early_warning": (["Observation"], early_warning.act)}
TIMERS = {"early_warning": early_warning.work_out}


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def watched(reacting, settled):
    """Runs the workflow; called, it waits until nothing is left to do."""
    with reacting(ACTS, TIMERS, workers=2):
        yield lambda: settled("workflow.early_warning", "timer.early_warning")


def signs(world, respiration="16", saturation="97", systolic="125", pulse="72", temperature="36.8"):
    pressure = world.result("85354-9", "1", "1")
    del pressure["valueQuantity"]
    part = world.result("8480-6", systolic, "mm[Hg]")
    pressure["component"] = [{k: part[k] for k in ("code", "valueQuantity")}]
    return [
        world.result("9279-1", respiration, "/min"), world.result("59408-5", saturation, "%"),
        pressure, world.result("8867-4", pulse, "/min"),
        world.result("8310-5", temperature, "Cel"), world.consciousness("248234008"),
    ]  # fmt: skip


def round_of(world, hours=0, **values):
    at = (clock.now() - timedelta(hours=hours)).isoformat()
    return [world.made(one | {"effectiveDateTime": at}) for one in signs(world, **values)]


def standing(world):
    return [(f["status"], f["code"]["text"]) for f in world.found("Flag")]


def test_a_healthy_round_raises_nothing(world, watched):
    round_of(world)
    watched()

    assert (world.found("Flag"), world.tasks()) == ([], [])


def test_a_round_of_seven_is_one_flag_and_one_call_however_many_signs_and_workers(world, watched):
    entries = [
        {"resource": one, "request": {"method": "POST", "url": "Observation"}}
        for one in signs(world, respiration="25", pulse="131", temperature="38.1")
    ]
    answer = world._client.post(
        "/fhir", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}
    )
    watched()

    assert answer.status_code == 200
    (flag,) = world.found("Flag")
    assert flag["code"]["text"] == (
        "Early warning: high: NEWS2 7 (respiration 3, pulse 3, temperature 1)"
    )
    (task,), (message,) = world.tasks(), world.messages()
    assert task["priority"] == "stat"
    assert task["focus"] == to(flag)
    assert message["recipient"] == [to(world.attending)]


def test_the_same_level_calls_nobody_again_a_higher_one_does(world, watched):
    round_of(world, pulse="112", respiration="21", temperature="38.1")
    watched()
    round_of(world, pulse="115", respiration="22", temperature="38.2")
    watched()

    assert [t["priority"] for t in world.tasks()] == ["asap"]

    round_of(world, pulse="135", respiration="26", temperature="38.2")
    watched()

    assert sorted(t["priority"] for t in world.tasks() if t["status"] == "requested") == ["stat"]
    assert len(world.found("Flag")) == 1


def test_a_single_temperature_does_not_lower_the_flag_a_healthy_round_does(world, watched):
    round_of(world, hours=2, pulse="112", respiration="21", temperature="38.1")
    watched()
    world.made(world.result("8310-5", "36.9", "Cel"))
    watched()

    assert standing(world)[0][0] == "active"

    round_of(world)
    watched()

    assert standing(world)[0][0] == "inactive"
    assert world.tasks()[0]["status"] == "cancelled"
    assert len(world.messages()) == 1


def test_a_value_in_error_takes_the_alert_back_and_tells_who_was_told(world, watched):
    made = world.made(world.result("9279-1", "40", "/min"))
    watched()
    world.put(made, status="entered-in-error")
    watched()

    assert standing(world)[0][0] == "inactive"
    assert world.messages()[1]["payload"][0]["contentString"].startswith("Withdrawn: ")


def test_a_value_that_was_in_error_and_is_not_calls_again(world, watched):
    made = world.made(world.result("9279-1", "40", "/min"))
    watched()
    for status in ("entered-in-error", "amended"):
        world.put(world.current(made), status=status)
        watched()

    assert sorted(s for s, _ in standing(world)) == ["active", "inactive"]
    assert sorted(t["status"] for t in world.tasks()) == ["cancelled", "requested"]


def test_a_correction_of_another_hour_does_not_lower_the_flag(world, watched):
    round_of(world, hours=3, pulse="112", respiration="21", temperature="38.1")
    watched()
    later = world.made(world.result("8310-5", "36.9", "Cel"))
    watched()
    world.put(later, note=[{"text": "by ear"}])
    watched()
    value = {**later["valueQuantity"], "value": 36.8}
    world.put(world.current(later), status="corrected", valueQuantity=value)
    watched()

    assert standing(world)[0][0] == "active"
    assert len(world.messages()) == 1


def test_scale_2_holds_for_a_patient_with_its_flag(world, watched):
    code = {"system": "https://fhirserver.example/CodeSystem/alert", "code": "spo2-scale-2"}
    world.made({"resourceType": "Flag", "status": "active", "code": {"coding": [code]},
                "subject": to(world.patient)})  # fmt: skip
    round_of(world, saturation="89")
    watched()

    assert not world.tasks()


def test_it_is_not_for_children_nor_in_pregnancy(world, watched):
    world.put(world.patient, birthDate="2015-01-01")
    round_of(world, respiration="30")
    watched()
    assert not world.tasks()

    world.put(world.patient)
    world.made({
        "resourceType": "Condition", "subject": to(world.patient),
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
        "clinicalStatus": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
            "code": "active"}]},
    })  # fmt: skip
    round_of(world, respiration="30")
    watched()

    assert not world.tasks()


def test_a_value_of_a_clock_that_is_far_ahead_hides_nothing(world, watched):
    ahead = (clock.now() + timedelta(days=300)).isoformat()
    world.made(world.result("9279-1", "16", "/min") | {"effectiveDateTime": ahead})
    round_of(world, respiration="25", pulse="131", temperature="38.1")
    watched()

    [(status, text)] = standing(world)
    assert status == "active"
    assert "NEWS2 7" in text
