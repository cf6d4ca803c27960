"""A critical result becomes an issue, a task and a message, once for each version."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from json import dumps

import pytest

from fhirserver import clock
from fhirserver.access.labels import CONFIDENTIALITY
from fhirserver.alerting import notices
from fhirserver.workflows import rules
from fhirserver.workflows.critical_results import act
from fhirserver.workflows.occasion import Change, Occasion
from tests.alerting.results import LABORATORY
from tests.workflows.alert_world import World, reference

FLAGS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
ACTS = {"critical_results": (["Observation"], act)}


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def watched(reacting, settled):
    """Runs the workflow; called, it waits until nothing is left to do."""
    with reacting(ACTS):
        yield lambda: settled("workflow.critical_results")


def test_a_critical_result_makes_an_issue_a_task_and_a_message_to_the_attending(world, watched):
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    watched()

    (issue,), (task,), (message,) = (
        world.found("DetectedIssue"), world.tasks(), world.messages()
    )  # fmt: skip
    assert issue["severity"] == "high"
    assert issue["implicated"] == [{"reference": reference(made)}]
    assert issue["detail"] == "Potassium 7.1 mmol/L (limit: at or above 6.5 mmol/L)"
    assert (task["status"], task["priority"]) == ("requested", "stat")
    assert task["owner"]["reference"] == reference(world.attending)
    assert task["focus"]["reference"] == reference(issue)
    assert message["recipient"] == [{"reference": reference(world.attending)}]
    assert message["partOf"] == [{"reference": reference(task)}]
    assert "7.1" in message["payload"][0]["contentString"]
    assert "received" not in message


def test_a_harmless_result_makes_nothing(world, watched):
    world.made(world.result("2823-3", "4.1", "mmol/L"))
    watched()

    assert not world.tasks()


def test_an_old_record_that_is_loaded_calls_nobody(world, watched):
    world.made(world.result("2823-3", "7.1", "mmol/L", hours=30))
    watched()

    assert not world.tasks()


def test_a_result_that_took_days_calls_somebody_when_it_is_issued(world, watched):
    """A blood culture: it was taken three days ago."""
    issued = clock.now().isoformat()
    flag = {"coding": [{"system": FLAGS, "code": "AA"}]}
    culture = world.result("600-7", "1", "1", hours=72, issued=issued, interpretation=[flag])
    del culture["valueQuantity"]
    culture |= {"category": LABORATORY, "valueCodeableConcept": {"text": "Staphylococcus aureus"}}
    world.made(culture)
    watched()

    assert len(world.tasks()) == 1


def test_a_correction_a_day_later_that_is_critical_too_is_told(world, watched, monkeypatch):
    made = world.made(world.result("2823-3", "7.1", "mmol/L", hours=23))
    watched()
    tomorrow = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    value = {**made["valueQuantity"], "value": 7.9}
    world.put(made, status="corrected", valueQuantity=value)
    watched()

    (issue,) = world.found("DetectedIssue")
    assert issue["status"] == "amended"
    assert issue["detail"].startswith("Potassium 7.9")


def test_what_is_found_in_a_restricted_result_is_as_restricted(world, watched):
    """Who is told learns that there is something, and reads it if they may read the result."""
    restricted = [{"system": CONFIDENTIALITY, "code": "R"}]
    made = world.made(world.result("2823-3", "7.1", "mmol/L", meta={"security": restricted}))
    watched()
    world.put(made, status="corrected", valueQuantity={**made["valueQuantity"], "value": 7.3})
    watched()
    [issue] = world.found("DetectedIssue")
    assert "7.3" in issue["detail"]
    world.put(world.current(made), status="entered-in-error")
    watched()

    [issue] = world.found("DetectedIssue")
    assert [(la["system"], la["code"]) for la in issue["meta"]["security"]] == [
        (CONFIDENTIALITY, "R")
    ]
    assert len(world.messages()) >= 3
    told = dumps([world.tasks(), world.messages()])
    assert notices.CLOSED in told
    assert not any(word in told for word in ("otassium", "7.1 mmol", "7.3 mmol"))


def test_the_ordering_doctor_is_told_where_nobody_attends(world, watched):
    world.put({k: v for k, v in world.encounter.items() if k != "participant"})
    world.made(world.result("2823-3", "7.1", "mmol/L"))
    watched()

    assert world.tasks()[0]["owner"]["reference"] == reference(world.ordering)


def test_from_preliminary_to_final_with_the_same_value_is_one_alert(world, watched):
    made = world.made(world.result("2823-3", "7.1", "mmol/L", status="preliminary"))
    world.put(made, status="final")
    watched()

    assert len(world.tasks()) == len(world.messages()) == 1


def test_a_corrected_value_that_is_critical_too_amends_the_alert(world, watched):
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    value = {**made["valueQuantity"], "value": 6.8}
    world.put(made, status="corrected", valueQuantity=value)
    watched()

    (issue,) = world.found("DetectedIssue")
    assert issue["status"] == "amended"
    assert issue["detail"].startswith("Potassium 6.8")
    assert [t["status"] for t in world.tasks()].count("requested") == 1
    assert [t["status"] for t in world.tasks()].count("cancelled") == 1
    assert len(world.messages()) == 2


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [("corrected", 4.2, "cancelled"), ("entered-in-error", 7.1, "entered-in-error")],
)
def test_a_result_that_was_wrong_takes_its_alert_back_and_tells_who_was_told(
    world, watched, status, value, expected
):
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    watched()
    world.put(made, status=status, valueQuantity={**made["valueQuantity"], "value": value})
    watched()

    assert world.found("DetectedIssue")[0]["status"] == expected
    assert world.tasks()[0]["status"] == "cancelled"
    first, second = world.messages()
    assert second["recipient"] == first["recipient"]
    assert second["payload"][0]["contentString"].startswith("Withdrawn: Potassium 7.1")


def test_a_result_that_is_critical_again_after_a_correction_is_told_again(world, watched):
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    for value in (4.2, 7.1):
        value = {**made["valueQuantity"], "value": value}
        world.put(world.current(made), status="corrected", valueQuantity=value)
    watched()

    (issue,) = world.found("DetectedIssue")
    assert issue["status"] == "amended"
    assert sorted(t["status"] for t in world.tasks()) == ["cancelled", "requested"]
    assert len(world.messages()) == 3


def test_a_deleted_result_takes_its_alert_back(world, watched):
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    watched()
    world.delete(made)
    watched()

    assert world.tasks()[0]["status"] == "cancelled"


def test_a_note_on_an_old_result_leaves_its_alert(world, watched):
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    watched()
    world.put(made, note=[{"text": "haemolysed?"}])
    watched()

    assert world.tasks()[0]["status"] == "requested"
    assert len(world.messages()) == 1


def test_eight_workers_at_once_make_one_alert(world, engine):
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    change = Change("Observation", made["id"], 1, "C", None)

    def work(_):
        try:
            act(Occasion(engine, "critical_results", change, made, None))
        except Exception as error:
            return type(error).__name__
        return None

    with ThreadPoolExecutor(8) as pool:
        failed = [f for f in pool.map(work, range(8)) if f]
    assert len(failed) < 8
    act(Occasion(engine, "critical_results", change, made, None))

    assert [len(world.found("DetectedIssue")), len(world.tasks()), len(world.messages())] == [1] * 3


def test_a_hospitals_own_plan_stands_for_ours(world, engine, monkeypatch):
    monkeypatch.setattr(rules, "SECONDS", 0.0)
    own = world.made({
        "resourceType": "PlanDefinition", "status": "active",
        "url": "https://fhirserver.example/PlanDefinition/critical-results",
        "action": [{
            "id": "potassium", "title": "K", "priority": "urgent",
            "trigger": [{"type": "data-modified", "data": [{
                "type": "Observation",
                "codeFilter": [{"path": "code", "code": [
                    {"system": "http://loinc.org", "code": "2823-3"}]}]}]}],
            "extension": [{
                "url": "https://fhirserver.example/StructureDefinition/alert-limit",
                "extension": [{"url": "high", "valueQuantity": {
                    "value": 5.0, "system": "http://unitsofmeasure.org", "code": "mmol/L"}}],
            }],
        }],
    })  # fmt: skip
    made = world.made(world.result("2823-3", "5.1", "mmol/L"))
    change = Change("Observation", made["id"], 1, "C", None)
    try:
        act(Occasion(engine, "critical_results", change, made, None))

        assert world.tasks()[0]["priority"] == "urgent"

        world.put(own, status="retired")
        other = world.made(world.result("2823-3", "7.5", "mmol/L"))
        change = Change("Observation", other["id"], 1, "C", None)
        act(Occasion(engine, "critical_results", change, other, None))

        assert len(world.tasks()) == 1
    finally:
        world.delete(own)
        rules._kept.clear()


def test_who_reads_the_message_can_say_so(world, watched):
    world.made(world.result("2823-3", "7.1", "mmol/L"))
    watched()
    (message,) = world.messages()
    world.put(message, status="completed", received=message["sent"])

    assert world.messages()[0]["received"] == message["sent"]
