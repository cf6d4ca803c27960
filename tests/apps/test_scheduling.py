"""The appointments app: the reception books, moves and cancels; a patient books for themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.server import Server
from tests.apps.conftest import OpenApp
from tests.apps.people import who_is

pytestmark = pytest.mark.slow


@pytest.fixture
def to_come(hospital: Server) -> Iterator[None]:
    """An appointment of the demo's patient, who may have none left late in the day."""
    booked = {
        "resourceType": "Appointment",
        "status": "booked",
        "start": "2099-06-08T09:00:00Z",
        "end": "2099-06-08T09:30:00Z",
        "participant": [
            {"actor": {"reference": who_is(hospital, "patient")[0]}, "status": "accepted"},
            {"actor": {"display": "Eye clinic"}, "status": "accepted"},
        ],
    }
    with hospital.client() as client:
        made = client.send("POST", "Appointment", booked)
    assert made.status == 201, made.json
    yield
    with hospital.client() as client:
        client.send("DELETE", f"Appointment/{made.json['id']}")


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


@pytest.fixture
def calendar(hospital: Server) -> Iterator[str]:
    """The address of a doctor's day with an appointment of half an hour."""
    with hospital.client() as client:

        def stored(resource: dict[str, Any]) -> str:
            made = client.send("POST", resource["resourceType"], resource)
            assert made.status == 201, made.json
            return f"{resource['resourceType']}/{made.json['id']}"

        doctor = stored(
            {"resourceType": "Practitioner", "active": True, "name": [{"family": "Raster"}]}
        )
        schedule = stored(
            {"resourceType": "Schedule", "active": True, "actor": [{"reference": doctor}]}
        )
        appointment = stored(
            {
                "resourceType": "Appointment",
                "status": "booked",
                "start": "2099-06-08T09:00:00Z",
                "end": "2099-06-08T09:30:00Z",
                "participant": [{"actor": {"reference": doctor}, "status": "accepted"}],
            }
        )
    yield f"?view=day&day=2099-06-08&of={doctor}"
    with hospital.client() as client:
        for one in (appointment, schedule, doctor):
            client.send("DELETE", one)


@pytest.mark.parametrize("view", ["day", "week"])
def test_an_appointment_is_dragged_and_made_longer(
    open_app: OpenApp, calendar: str, view: str
) -> None:
    page = open_app("scheduling", "reception", calendar.replace("view=day", f"view={view}"))
    piece = page.locator("[data-event-id]")
    begins = re.search(r"(\d\d):00", piece.inner_text())
    assert begins is not None
    later = f"{int(begins[1]) + 1:02}"
    move = page.get_by_role("dialog", name="Move the appointment")

    slots = page.get_by_role("button", name=re.compile(rf"2099-06-08 {later}:00–{later}:30$"))
    piece.drag_to(slots.first)
    expect(move.get_by_label("Begins")).to_have_value(f"{later}:00")
    page.keyboard.press("Escape")
    expect(move).to_have_count(0)

    edge = piece.locator('[data-edge="end"]').bounding_box()
    slot = slots.first.bounding_box()
    assert edge is not None
    assert slot is not None
    x, y = edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    if view == "day":
        page.mouse.move(slot["x"] + slot["width"], y, steps=4)
    else:
        page.mouse.move(x, slot["y"] + slot["height"], steps=4)
    page.mouse.up()
    expect(move.get_by_role("combobox", name="Length")).to_have_value(re.compile("^90"))


@pytest.fixture
def free_later(hospital: Server, calendar: str) -> Iterator[str]:
    """The same day, on which the doctor has a free slot an hour after the appointment."""
    doctor = calendar.rpartition("=")[2]
    with hospital.client() as client:
        schedule = client.send("GET", f"Schedule?actor={doctor}").json["entry"][0]["resource"]
        slot = {
            "resourceType": "Slot",
            "schedule": {"reference": f"Schedule/{schedule['id']}"},
            "status": "free",
            "start": "2099-06-08T10:00:00Z",
            "end": "2099-06-08T10:30:00Z",
        }
        made = client.send("POST", "Slot", slot)
        assert made.status == 201, made.json
    yield calendar
    with hospital.client() as client:
        moved = client.send("GET", f"Appointment?actor={doctor}").json["entry"][0]["resource"]
        client.send("DELETE", f"Appointment/{moved['id']}")
        client.send("DELETE", f"Slot/{made.json['id']}")


def test_an_appointment_is_moved_by_touch_on_a_phone(open_app: OpenApp, free_later: str) -> None:
    """Where no grid fits there is nothing to drag onto: two taps lead to the same dialog."""
    page = open_app("scheduling", "reception", free_later, phone=True)
    booked = page.get_by_role("row").filter(has_text="Booked")
    begins = re.search(r"(\d\d):00", booked.inner_text())
    assert begins is not None
    later = f"{int(begins[1]) + 1:02}:00"

    booked.get_by_role("button").first.tap()
    page.get_by_role("dialog", name="Appointment").get_by_role("button", name="Move…").tap()
    move = page.get_by_role("dialog", name="Move the appointment")
    move.get_by_label("Begins").fill(later)
    save = move.get_by_role("button", name=re.compile("^Move "))
    expect(save).to_be_enabled()
    save.tap()

    expect(page.get_by_text(re.compile(f"moved to.* {later}"))).to_be_visible()
    expect(booked).to_contain_text(f"{later}–")


def test_a_time_of_the_calendar_is_booked_by_keys(open_app: OpenApp, calendar: str) -> None:
    page = open_app("scheduling", "reception", calendar)
    page.locator('[data-slot="0:0"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-slot="0:1"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="New appointment")).to_be_visible()


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
    ],
)
def test_the_reception_can_use_it(
    open_app: OpenApp, check_accessible: Callable[[Page], None], user: str, at: str, shown: str
) -> None:
    page = open_app("scheduling", user, at)
    found = page.get_by_role("button", name=shown).or_(page.get_by_role("link", name=shown))
    expect(found.first).to_be_visible()

    check_accessible(page)


@pytest.mark.usefixtures("to_come")
def test_a_patient_can_use_it(open_app: OpenApp, check_accessible: Callable[[Page], None]) -> None:
    page = open_app("scheduling", "patient")
    expect(page.get_by_role("link", name="Move…").first).to_be_visible()

    check_accessible(page)
