"""The tables and the overlay hold together: every row can be applied, every plan made."""

from __future__ import annotations

import pytest

from hl7v2_gateway.mapping import plans, rules
from hl7v2_gateway.mapping.overlays import shipped
from hl7v2_gateway.mapping.trying import problems_of
from hl7v2_gateway.mapping.vocabulary import FOLDER


@pytest.mark.parametrize(("name", "resource_type"), list(rules.every()))
def test_every_row_of_a_segment_map_can_be_applied(name: str, resource_type: str) -> None:
    assert rules.problems(name, resource_type) == ()


def test_every_overlay_for_senders_can_be_applied() -> None:
    folder = FOLDER / "overlay" / "senders"
    names = [file.stem for file in folder.glob("*.json")]

    assert names
    for overlay in names:
        found = shipped(overlay)
        assert found is not None
        assert problems_of(found) == []


@pytest.mark.parametrize("structure", plans.structures())
def test_every_message_map_makes_a_plan(structure: str) -> None:
    plan = plans.plan(structure)

    assert plan is not None
    assert plan.slots[0].segment == "MSH"
