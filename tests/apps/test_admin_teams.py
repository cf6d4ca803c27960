"""Administration: standing teams are made, get and lose members, and end."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.server import Server
from tests.apps.people import made

pytestmark = pytest.mark.slow


def test_a_team_is_made_joined_left_and_ended(
    hospital: Server, open_app: Callable[..., Page], check_accessible: Callable[[Page], None]
):
    name = f"Board {uuid.uuid4().hex[:6]}"
    family = f"Onko{uuid.uuid4().hex[:6]}"
    made(hospital, {"resourceType": "Practitioner", "active": True, "name": [{"family": family}]})
    page = open_app("admin", "admin", "teams")
    page.get_by_role("button", name="Make a team").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make the team").click()
    expect(dialog.get_by_text("A team needs a name")).to_be_visible()
    dialog.get_by_label("Name of the team").fill(name)
    dialog.get_by_role("button", name="Make the team").click()
    team = page.get_by_role("region", name=name)
    expect(team.get_by_text("Nobody is in it yet")).to_be_visible()

    team.get_by_role("button", name="Add a member").click()
    dialog.get_by_role("combobox", name="Who").fill(family)
    page.get_by_role("option", name=family).click()
    dialog.get_by_role("button", name="Add a member").click()
    expect(team.get_by_role("listitem")).to_contain_text(family)
    check_accessible(page)

    team.get_by_role("button", name=f"Remove {family}").click()
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(team.get_by_text(f"Were in it: {family}")).to_be_visible()
    team.get_by_role("button", name="End the team").click()
    dialog.get_by_role("button", name="End the team").click()
    expect(team).to_have_count(0)
