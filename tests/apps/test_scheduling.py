"""The appointments app: the reception books, moves and cancels; a patient books for themselves."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.apps.conftest import OpenApp

pytestmark = pytest.mark.slow


def test_the_reception_books_moves_and_undoes(open_app: OpenApp) -> None:
    page = open_app("scheduling", "reception")
    page.get_by_role("button", name="New appointment").click()
    dialog = page.get_by_role("dialog", name="New appointment")
    dialog.get_by_label("Patient").fill("lee")
    dialog.get_by_role("listitem").first.get_by_role("button").click()
    dialog.get_by_label("With any of").first.click()
    page.get_by_role("option", name="Dr.").first.click()
    times = dialog.get_by_role("group", name="First free times")
    times.get_by_role("button").first.click()
    expect(dialog.get_by_text(re.compile("^Held until"))).to_be_visible()
    dialog.get_by_label("Reason").fill("Chest pain on effort")
    dialog.get_by_role("button", name=re.compile("^Book LEE")).click()
    said = page.get_by_text(re.compile("LEE.*booked for"))
    expect(said).to_be_visible()

    day = re.search(r"(\d{2})-([A-Z][a-z]{2})-(\d{4})", said.inner_text())
    assert day is not None
    month = "JanFebMarAprMayJunJulAugSepOctNovDec".index(day[2]) // 3 + 1
    page.goto(f"{page.url.split('?')[0]}?view=list&day={day[3]}-{month:02}-{day[1]}")
    booked = page.get_by_role("row").filter(has_text="Chest pain on effort")
    booked.get_by_role("button", name=re.compile("^LEE")).click()
    panel = page.get_by_role("dialog", name="Appointment")
    expect(panel.get_by_text("Chest pain on effort")).to_be_visible()
    page.keyboard.press("m")
    move = page.get_by_role("dialog", name="Move the appointment")
    move.get_by_label("Begins").fill("03:00")
    expect(move.get_by_text("This time isn't free")).to_be_visible()
    move.get_by_role("button", name=re.compile(r"\d{2}:\d{2}$")).first.click()
    move.get_by_role("button", name=re.compile("^Move LEE")).click()
    expect(page.get_by_text(re.compile("LEE.*moved to"))).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(booked).to_be_visible()


def test_a_patient_books_a_time_on_a_phone(open_app: OpenApp) -> None:
    page = open_app("scheduling", "patient", phone=True)
    page.get_by_role("link", name="Book an appointment").first.click()
    page.get_by_label("What for").first.click()
    page.get_by_role("option").first.click()
    page.get_by_role("group", name="First free times").get_by_role("button").first.click()
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_text(re.compile("^Booked for"))).to_be_visible()
    expect(page.get_by_role("heading", name="My appointments")).to_be_visible()


@pytest.mark.parametrize(
    ("user", "at", "shown"),
    [
        ("reception", "", "New appointment"),
        ("reception", "?view=list", "Print"),
        ("reception", "?view=week", "New appointment"),
        ("reception", "waiting", "Add a patient"),
        ("patient", "", "Move…"),
    ],
)
def test_everybody_can_use_it(
    open_app: OpenApp, check_accessible: Callable[[Page], None], user: str, at: str, shown: str
) -> None:
    page = open_app("scheduling", user, at)
    found = page.get_by_role("button", name=shown).or_(page.get_by_role("link", name=shown))
    expect(found.first).to_be_visible()

    check_accessible(page)
