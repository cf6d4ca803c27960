"""Delta checks and trends over stored results."""

from __future__ import annotations

import pytest

from fhirserver.workflows.occasion import Change, Occasion
from fhirserver.workflows.result_changes import changes, deterioration
from tests.workflows.alert_world import World, reference


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def looked(engine):
    def look(act, result):
        change = Change("Observation", result["id"], 1, "C", None)
        act(Occasion(engine, "w", change, result, None))

    return look


def test_creatinine_that_rises_is_told_with_both_values(world, looked):
    earlier = world.made(world.result("2160-0", "0.9", "mg/dL", hours=30))
    now = world.made(world.result("2160-0", "1.3", "mg/dL"))
    looked(deterioration, now)
    looked(deterioration, now)

    (issue,) = world.found("DetectedIssue")
    assert issue["detail"] == "Creatinine rises from 0.9 to 1.3 mg/dL in 30 h"
    assert [i["reference"] for i in issue["implicated"]] == [reference(now), reference(earlier)]
    assert len(world.tasks()) == 1


def test_another_patients_results_are_no_earlier_ones(world, client, looked):
    other = World(client)
    other.made(other.result("2160-0", "0.9", "mg/dL", hours=30))
    looked(deterioration, world.made(world.result("2160-0", "1.3", "mg/dL")))

    assert not world.tasks()


def test_a_delta_check_has_a_task_of_its_own(world, looked):
    world.made(world.result("2823-3", "4.0", "mmol/L", hours=5))
    looked(changes, world.made(world.result("2823-3", "5.8", "mmol/L")))

    assert "Potassium changes from 4 to 5.8 mmol/L in 5 h" in world.tasks()[0]["description"]
