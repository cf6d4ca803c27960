"""An order is completed by its final report, and active again when that is withdrawn."""

from __future__ import annotations

import pytest

from fhirserver import clock
from fhirserver.workflows import completed_orders
from fhirserver.workflows.occasion import Change, Occasion
from tests.workflows.alert_world import World, reference, to

ACTS = {"completed_orders": (["DiagnosticReport"], completed_orders.act)}
TOPIC = "workflow.completed_orders"
TASK_CODE = {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]}


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def report(world):
    def make(status="final", **more):
        return world.made({
            "resourceType": "DiagnosticReport", "status": status, "code": {"text": "Blood count"},
            "subject": to(world.patient), "basedOn": [to(world.order)], **more,
        })  # fmt: skip

    return make


@pytest.fixture
def status(world):
    return lambda of=None: world.current(of or world.order)["status"]


def test_a_signed_report_completes_its_order_and_its_task_and_says_why(
    world, report, status, eventually, reacting
):
    task = world.made({
        "resourceType": "Task", "status": "in-progress", "intent": "order", "code": TASK_CODE,
        "focus": to(world.order), "for": to(world.patient),
    })  # fmt: skip
    with reacting(ACTS):
        made = report()
        eventually(lambda: status() == "completed")

    assert status(task) == "completed"
    (why,) = world.current(world.order)["relevantHistory"]
    said = world.current({"resourceType": "Provenance", "id": why["reference"].split("/")[1]})
    assert said["activity"]["coding"][0]["code"] == "COMPLETE"
    assert said["agent"][0]["who"]["display"] == "workflow:completed_orders"
    assert said["entity"][0]["what"]["reference"] == f"{reference(made)}/_history/1"
    assert [t["reference"] for t in said["target"]] == [
        f"{reference(world.order)}/_history/2",
        f"{reference(task)}/_history/2",
    ]


def test_a_preliminary_report_keeps_its_order_open_until_it_is_signed(
    world, report, status, eventually, settled, reacting
):
    with reacting(ACTS):
        written = report("preliminary")
        report("final")
        settled(TOPIC)
        assert status() == "active"

        world.put(written, status="final")
        eventually(lambda: status() == "completed")


def test_what_a_machine_has_sent_and_nobody_verified_keeps_no_order_open(
    report, status, eventually, reacting
):
    with reacting(ACTS):
        report("preliminary", identifier=[{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}])
        report("final")
        eventually(lambda: status() == "completed")


@pytest.mark.parametrize("kept", ["revoked", "on-hold", "draft", "entered-in-error"])
def test_an_order_that_is_not_active_is_not_touched(world, report, status, settled, reacting, kept):
    world.put(world.order, status=kept)
    with reacting(ACTS):
        report()
        settled(TOPIC)

    assert status() == kept


def test_images_without_a_report_keep_an_order_open(
    world, report, status, eventually, settled, reacting
):
    def study(status="available"):
        return world.made({
            "resourceType": "ImagingStudy", "status": status, "subject": to(world.patient),
            "basedOn": [to(world.order)],
        })  # fmt: skip

    first, second = study(), study()
    study("cancelled")
    with reacting(ACTS):
        report(imagingStudy=[to(first)])
        settled(TOPIC)
        assert status() == "active"

        report(imagingStudy=[to(second)])
        eventually(lambda: status() == "completed")


def test_an_order_with_parts_is_completed_with_the_last_of_them(
    world, report, status, eventually, settled, reacting
):
    part = world.made({
        "resourceType": "ServiceRequest", "status": "active", "intent": "filler-order",
        "subject": to(world.patient), "basedOn": [to(world.order)],
    })  # fmt: skip
    with reacting(ACTS):
        report()
        settled(TOPIC)
        assert status() == "active"

        report(basedOn=[to(part)])
        eventually(lambda: status() == "completed")


def test_an_order_for_each_day_is_not_completed_by_the_first_report(
    world, report, status, settled, reacting
):
    daily = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    world.put(world.order, occurrenceTiming=daily)
    with reacting(ACTS):
        report()
        settled(TOPIC)

    assert status() == "active"


def test_who_opens_an_order_again_has_the_last_word(
    world, report, status, eventually, settled, reacting
):
    with reacting(ACTS):
        made = report()
        eventually(lambda: status() == "completed")
        world.put(world.current(world.order), status="active")
        world.put(made, status="appended", conclusion="Compared with last year")
        settled(TOPIC)

    assert status() == "active"


def test_one_version_of_a_report_completes_its_order_once(world, report, status, engine):
    made = report()
    change = Change("DiagnosticReport", made["id"], 1, "C", clock.now())
    occasion = Occasion(engine, "completed_orders", change, made, None)

    completed_orders.act(occasion)
    assert status() == "completed"
    world.put(world.current(world.order), status="active")
    completed_orders.act(occasion)

    assert status() == "active"


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_order_is_active_again_when_its_only_report_is_withdrawn(
    world, report, status, eventually, reacting, is_deleted
):
    task = world.made({
        "resourceType": "Task", "status": "accepted", "intent": "order",
        "focus": to(world.order), "for": to(world.patient),
    })  # fmt: skip
    with reacting(ACTS):
        made = report()
        eventually(lambda: status() == "completed")
        if is_deleted:
            world.delete(made)
        else:
            world.put(made, status="entered-in-error")
        eventually(lambda: status() == "active")

    assert status(task) == "accepted"
    assert len(world.current(world.order)["relevantHistory"]) == 2


def test_an_order_stays_completed_while_another_report_holds(
    world, report, status, eventually, settled, reacting
):
    with reacting(ACTS):
        first = report()
        report()
        eventually(lambda: status() == "completed")
        world.put(first, status="entered-in-error")
        settled(TOPIC)

    assert status() == "completed"


def test_an_order_that_another_system_completed_stays_so(world, report, status, settled, reacting):
    world.put(world.order, status="completed")
    with reacting(ACTS):
        made = report()
        world.put(made, status="entered-in-error")
        settled(TOPIC)

    assert status() == "completed"
