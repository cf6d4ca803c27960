"""All rules about a result are one workflow, and one that fails keeps no other from its work."""

from __future__ import annotations

import pytest

from fhirserver.workflows import result_alerts
from fhirserver.workflows.occasion import Change, Occasion
from tests.workflows.alert_world import World


def test_one_rule_that_fails_keeps_no_other_from_its_work(client, engine, monkeypatch):
    def broken(occasion):
        raise RuntimeError(occasion.change.id)

    monkeypatch.setattr(result_alerts, "RULES", (broken, *result_alerts.RULES))
    world = World(client)
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    change = Change("Observation", made["id"], 1, "C", None)

    with pytest.raises(RuntimeError):
        result_alerts.act(Occasion(engine, "result_alerts", change, made, None))

    assert len(world.tasks()) == 1
