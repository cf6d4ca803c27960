"""An alert that nobody takes on goes from one to the next; who takes it on stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from json import dumps, loads

import pytest

from fhirserver import clock
from fhirserver.alerting import notices
from fhirserver.workflows import escalation, rules
from fhirserver.workflows.acting import Acting
from fhirserver.workflows.critical_results import act
from fhirserver.workflows.occasion import Change, Elapsed, Occasion
from tests.alerting.test_plans import definition
from tests.workflows.alert_world import World, reference, to


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def alert(world, engine):
    """The open task of a critical result."""
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    change = Change("Observation", made["id"], 1, "C", None)
    act(Occasion(engine, "critical_results", change, made, None))
    return world.tasks()[0]


@pytest.fixture
def elapse(engine, alert):
    """Lets the time of a step be over."""

    def over(step):
        content = {"key": notices.key_in(alert), "step": step, "plan": "critical-results"}
        escalation.time_is_over(Elapsed(engine, "alert_escalation", content))

    return over


@pytest.fixture
def on_call(world):
    """Somebody who is on call now, by a Schedule."""
    who = world.made({"resourceType": "Practitioner"})
    code = {
        "coding": [{"system": "https://fhirserver.example/CodeSystem/alert", "code": "on-call"}]
    }
    roster = world.made({"resourceType": "Schedule", "serviceType": [code], "actor": [to(who)]})
    now = clock.now()
    slot = world.made({
        "resourceType": "Slot", "schedule": to(roster), "status": "busy",
        "start": (now - timedelta(hours=1)).isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
    })  # fmt: skip
    yield who
    world.delete(slot)


def told(world):
    return [r["reference"] for m in world.messages() for r in m["recipient"]]


def test_the_attending_then_the_ordering_then_who_is_on_call_are_told(
    world, alert, on_call, elapse
):
    elapse(1)
    elapse(2)

    assert told(world) == [reference(p) for p in (world.attending, world.ordering, on_call)]
    task = world.current(alert)
    assert task["owner"] == to(on_call)
    assert notices.step_of(task) == 2
    assert "Nobody has answered yet" in world.messages()[1]["payload"][0]["contentString"]


def test_a_task_says_until_when_it_waits_and_who_is_next(world, alert, on_call, elapse):
    def then(task):
        return [i["valueReference"] for i in task["input"] if "valueReference" in i]

    assert due(alert) - asked(alert) == pytest.approx(900, abs=5)
    assert then(alert) == []

    elapse(1)

    passed = world.current(alert)
    assert due(passed) - asked(passed) == pytest.approx(900, abs=5)
    assert then(passed) == [to(on_call)]


def due(task):
    return datetime.fromisoformat(task["restriction"]["period"]["end"]).timestamp()


def asked(task):
    return datetime.fromisoformat(task["lastModified"]).timestamp()


@pytest.mark.parametrize("status", ["accepted", "in-progress", "completed", "cancelled"])
def test_who_takes_it_on_stops_it(world, alert, elapse, status):
    world.put(alert, status=status)
    elapse(1)

    assert told(world) == [reference(world.attending)]


def test_a_note_on_how_it_goes_stops_nothing(world, alert, elapse):
    world.put(alert, businessStatus={"text": "the doctor's telephone is busy"})
    elapse(1)

    assert told(world) == [reference(world.attending), reference(world.ordering)]


def test_a_timer_that_comes_twice_tells_nobody_twice(world, elapse):
    elapse(1)
    elapse(1)

    assert told(world) == [reference(world.attending), reference(world.ordering)]


def test_when_all_have_been_told_twice_the_task_says_that_nobody_answered(world, alert, elapse):
    for step in range(1, 7):
        elapse(step)

    assert told(world) == [reference(world.attending), reference(world.ordering)] * 2
    task = world.current(alert)
    assert task["businessStatus"]["coding"][0]["code"] == "unanswered"
    assert task["status"] == "requested"


def test_who_rejects_it_passes_it_on_at_once(world, engine, alert):
    rejected = world.put(alert, status="rejected")
    change = Change("Task", alert["id"], 2, "U", None)
    occasion = Occasion(engine, "alert_rejected", change, rejected, alert)
    escalation.rejected(occasion)
    escalation.rejected(occasion)

    task = world.current(alert)
    assert (task["status"], task["owner"]) == ("requested", to(world.ordering))
    assert told(world) == [reference(world.attending), reference(world.ordering)]


def test_doctors_of_the_department_on_duty_are_told_where_nobody_is_named(world, engine):
    world.put({k: v for k, v in world.encounter.items() if k != "participant"})
    who = world.made({"resourceType": "Practitioner"})
    role = {
        "resourceType": "PractitionerRole", "active": True, "practitioner": to(who),
        "organization": to(world.department), "code": [{"coding": [{"code": "doctor"}]}],
        "availableTime": [{"allDay": True}],
    }  # fmt: skip
    world.made(role | {"code": [{"coding": [{"code": "nurse"}]}]})
    world.made(role)
    result = world.result("2823-3", "7.1", "mmol/L")
    del result["basedOn"]
    made = world.made(result)
    act(Occasion(engine, "w", Change("Observation", made["id"], 1, "C", None), made, None))

    assert told(world) == [reference(who)]


def test_where_nobody_is_known_or_answers_whom_the_site_has_named_is_told(world, engine, monkeypatch):  # fmt: skip
    switchboard = world.made({"resourceType": "Organization", "name": "Switchboard"})
    settings = replace(engine.context.settings, alert_fallback=reference(switchboard))
    monkeypatch.setattr(Acting, "settings", property(lambda _: settings))
    world.put(world.encounter, status="cancelled")
    result = world.result("2823-3", "7.1", "mmol/L")
    del result["basedOn"], result["encounter"]
    made = world.made(result)
    act(Occasion(engine, "w", Change("Observation", made["id"], 1, "C", None), made, None))

    assert told(world) == [reference(switchboard)]

    orderly = world.made(world.result("2951-2", "110", "mmol/L"))
    act(Occasion(engine, "w", Change("Observation", orderly["id"], 1, "C", None), orderly, None))
    task = next(t for t in world.tasks() if "Sodium" in t["description"])
    for step in (1, 2):
        content = {"key": notices.key_in(task), "step": step, "plan": "critical-results"}
        escalation.time_is_over(Elapsed(engine, "alert_escalation", content))
    assert world.current(task)["owner"] == to(switchboard)


def test_the_timers_run_in_a_worker_and_survive_its_restart(
    world, engine, reacting, eventually, monkeypatch
):
    own = world.made(impatient())
    monkeypatch.setattr(rules, "SECONDS", 0.0)
    acts = {"critical_results": (["Observation"], act)}
    timers = {"alert_escalation": escalation.time_is_over}
    try:
        with reacting(acts, timers):
            world.made(world.result("2823-3", "7.1", "mmol/L"))
            eventually(world.tasks)
        with reacting(acts, timers):
            eventually(lambda: len(told(world)) >= 2)
    finally:
        world.delete(own)
        rules._kept.clear()

    assert told(world)[:2] == [reference(world.attending), reference(world.ordering)]


def impatient():
    """Our plan, with a second of patience."""
    whole = definition()
    second = {"value": 1, "system": "http://unitsofmeasure.org", "code": "s"}
    for one in whole["extension"]:
        if one["url"].endswith("alert-escalation"):
            one["extension"][1]["valueDuration"] = second
    return loads(dumps(whole, default=float))
