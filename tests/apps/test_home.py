"""Where everybody arrives: the apps of their role, and the way to a patient."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.apps.people import a_patient

pytestmark = pytest.mark.slow


def test_a_nurse_sees_the_apps_of_nurses(open_app, check_accessible):
    page = open_app("home", "nurse")

    tiles = page.get_by_role("navigation", name="Your apps").get_by_role("link")
    expect(tiles.first).to_be_visible()
    check_accessible(page)


def test_the_palette_finds_a_patient_by_name(open_app, hospital):
    family = a_patient(hospital)["name"][0]["family"]
    page = open_app("home", "reception")

    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_label("Search patients and screens").fill(family)

    expect(page.get_by_role("dialog").get_by_text(f"{family.upper()},").first).to_be_visible()


def test_german_is_spoken_when_it_is_chosen(open_app):
    page = open_app("home", "doctor")

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Deutsch").click()

    expect(page.get_by_role("navigation", name="Ihre Apps")).to_be_visible()
    page.reload()
    expect(page.get_by_role("navigation", name="Ihre Apps")).to_be_visible()
