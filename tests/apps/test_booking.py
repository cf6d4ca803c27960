"""From a booking to what follows: another system's calendar, the patient's, and a reminder.

IHE ITI Scheduling; HL7 v2.5.1, 10.3.1 (SIU^S12); RFC 5545.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from playwright.sync_api import Page, Route, expect

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, wait_until
from fhirserver import ids
from hl7v2_gateway.er7 import parse
from tests.hl7v2_gateway.v2 import a_sender, member
from tests.peers.hl7_receiver import Receiver, hl7_receiver
from tests.peers.mail_server import MailServer

pytestmark = pytest.mark.slow

OURS = "https://fhirserver.example/StructureDefinition/"
PATIENCE_SECONDS = 120.0
REMINDER = "timer.appointment_reminder"


@dataclass(frozen=True)
class Clinic:
    """A doctor with one free time in three days, a patient with an email address, and a system that is told."""

    peer: Receiver
    doctor: str
    family: str
    patient: str
    address: str
    start: datetime


@pytest.fixture
def clinic(hospital: Server) -> Iterator[Clinic]:
    # Letters only: what has figures is looked for as a number.
    name = ids.new()[-8:].translate(str.maketrans("0123456789", "ghijklmnop"))
    start = (datetime.now(UTC) + timedelta(days=3)).replace(
        hour=10, minute=0, second=0, microsecond=0
    )
    with hl7_receiver() as peer, hospital.client() as client:
        doctor = {
            "resourceType": "Practitioner",
            "active": True,
            "name": [{"family": f"Klinik{name}", "given": ["Ina"], "prefix": ["Dr."]}],
        }
        doctor = stored(client, doctor)
        schedule = {
            "resourceType": "Schedule",
            "active": True,
            "serviceType": [{"text": "Consultation"}],
            "actor": [
                {"reference": f"Practitioner/{doctor['id']}", "display": f"Dr. Ina Klinik{name}"}
            ],
        }
        schedule = stored(client, schedule)
        slot = {
            "resourceType": "Slot",
            "schedule": {"reference": f"Schedule/{schedule['id']}"},
            "status": "free",
            "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        stored(client, slot)
        address = f"{name}@example.org"
        patient = stored(client, {
            "resourceType": "Patient",
            "identifier": [{"system": "https://fhirserver.example/mrn", "value": f"B{name}"}],
            "name": [{"family": f"Book{name}", "given": ["Ann"]}],
            "birthDate": "1970-05-01",
            "telecom": [{"system": "email", "value": address}],
        })  # fmt: skip
        receiver = {
            **a_sender("x"),
            "name": f"CALENDAR{name}",
            "address": f"mllp://127.0.0.1:{peer.port}",
            "extension": [{"url": f"{OURS}hl7v2-receiver", "extension": [
                member("application", "CALENDAR"), member("event", "SIU", "Code")]}],
        }  # fmt: skip
        del receiver["id"]
        receiver = stored(client, receiver)
        yield Clinic(peer, f"Klinik{name}", f"Book{name}", patient["id"], address, start)
        off = {**receiver, "status": "off"}
        with hospital.client() as other:
            assert other.send("PUT", f"Endpoint/{receiver['id']}", off).status == 200


def stored(client: Client, resource: Resource) -> Resource:
    made = client.send("POST", resource["resourceType"], resource)
    assert made.status == 201, made.says
    return dict(made.json)


def book(page: Page, clinic: Clinic) -> None:
    page.get_by_role("button", name="New appointment").click()
    dialog = page.get_by_role("dialog", name="New appointment")
    dialog.get_by_label("Patient").fill(clinic.family)
    dialog.get_by_role("listitem").filter(has_text=clinic.family.upper()).get_by_role(
        "button"
    ).click()
    dialog.get_by_label("With any of").first.fill(clinic.doctor)
    page.get_by_role("option", name=re.compile(clinic.doctor)).click()
    page.keyboard.press("Escape") if page.get_by_role("listbox").is_visible() else None
    times = dialog.get_by_role("group", name="First free times")
    times.get_by_role("button").first.click()
    expect(dialog.get_by_text(re.compile("^Held until"))).to_be_visible()
    dialog.get_by_label("Reason").fill("Chest pain on effort")
    dialog.get_by_role("button", name=re.compile(f"^Book {clinic.family.upper()}")).click()
    expect(page.get_by_text(re.compile(f"{clinic.family.upper()}.*booked for"))).to_be_visible()


def test_book_waits_for_the_hold_that_is_on_its_way(
    open_app: Callable[..., Page], hospital: Server, clinic: Clinic
):
    page = open_app("scheduling", "reception")

    def late(route: Route) -> None:
        time.sleep(2)
        route.continue_()

    page.route(re.compile(r"\$hold"), late)
    page.get_by_role("button", name="New appointment").click()
    dialog = page.get_by_role("dialog", name="New appointment")
    dialog.get_by_label("Patient").fill(clinic.family)
    dialog.get_by_role("listitem").filter(has_text=clinic.family.upper()).get_by_role(
        "button"
    ).click()
    dialog.get_by_label("With any of").first.fill(clinic.doctor)
    page.get_by_role("option", name=re.compile(clinic.doctor)).click()
    page.keyboard.press("Escape") if page.get_by_role("listbox").is_visible() else None
    dialog.get_by_role("group", name="First free times").get_by_role("button").first.click()
    dialog.get_by_role("button", name=re.compile(f"^Book {clinic.family.upper()}")).click()

    expect(page.get_by_text(re.compile(f"{clinic.family.upper()}.*booked for"))).to_be_visible()


def test_a_booking_is_told_to_another_system_and_the_patient_is_reminded(
    open_app: Callable[..., Page],
    client_as: Callable[[str], Client],
    hospital: Server,
    clinic: Clinic,
    mail: MailServer,
):
    page = open_app("scheduling", "reception")
    book(page, clinic)

    wait_until(lambda: clinic.peer.arrived, PATIENCE_SECONDS, "the other system is told")
    (message,) = [parse(text.encode()) for text in clinic.peer.arrived]
    assert (message.header.type, message.header.event) == ("SIU", "S12")
    assert message.value("PID-5.1") == clinic.family
    assert message.value("AIP-3.2") == clinic.doctor
    reception = client_as("reception")
    (appointment,) = [
        e["resource"]
        for e in reception.send("GET", f"Appointment?patient={clinic.patient}").json["entry"]
    ]
    assert message.value("SCH-2.1") == appointment["id"]

    # The day before comes.
    timers = "UPDATE queue.item SET due = now() WHERE topic = %s AND content->>'appointment' = %s RETURNING id"
    with hospital.database() as database:
        wait_until(
            lambda: database.write(timers, (REMINDER, appointment["id"])),
            PATIENCE_SECONDS,
            "a reminder is planned",
        )

    def reminders() -> list[str]:
        return [m.get_content() for m in mail.messages if m["To"] == clinic.address]

    wait_until(reminders, PATIENCE_SECONDS, "the patient is reminded")
    (text,) = reminders()
    assert clinic.family not in text
    assert "Chest pain" not in text
    day = f"{clinic.start:%Y-%m-%d}"
    page.goto(f"{page.url.split('?')[0]}?view=list&day={day}")
    row = page.get_by_role("row").filter(has_text="Chest pain on effort")
    row.get_by_role("button", name=re.compile(f"^{clinic.family.upper()}")).click()
    panel = page.get_by_role("dialog", name="Appointment")
    expect(panel.get_by_text(re.compile("by email"))).to_be_visible()

    calendar = reception.send("GET", f"Patient/{clinic.patient}/$ical", Accept="text/calendar")
    (event,) = icalendar.Calendar.from_ical(calendar.body).walk("VEVENT")
    assert event.decoded("DTSTART").astimezone(UTC) == clinic.start
