"""The patient portal: who saw my record, the summary, and a decision that is given and withdrawn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Client
from conformance.faults.server import Server
from tests.apps.people import who_is

pytestmark = pytest.mark.slow

PATIENCE_MS = 60_000
PLACES = ["results", "health", "seen", "consents", "download"]
OpenApp = Callable[..., Page]
ClientAs = Callable[[str], Client]


@pytest.fixture
def patient(hospital: Server) -> str:
    """The id of the demo account's patient, who is in the care of the account `doctor`."""
    own, _ = who_is(hospital, "patient")
    doctor, _ = who_is(hospital, "doctor")
    with hospital.client() as client:
        made = client.send(
            "POST",
            "Encounter",
            {
                "resourceType": "Encounter",
                "status": "in-progress",
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "AMB",
                },
                "subject": {"reference": own},
                "participant": [{"individual": {"reference": doctor}}],
            },
        )
    assert made.status == 201
    return own.removeprefix("Patient/")


def test_a_patient_sees_which_doctor_has_looked(
    hospital: Server,
    open_app: OpenApp,
    patient: str,
    check_accessible: Callable[[Page], None],
):
    _, doctor = who_is(hospital, "doctor")
    chart = open_app("chart", "doctor", f"patients/{patient}")
    expect(chart.get_by_role("region", name="Patient", exact=True)).to_be_visible()
    expect(chart.get_by_role("region", name=re.compile("^Since yesterday"))).to_be_visible()

    page = open_app("portal", "patient", "seen", phone=True)

    entry = page.get_by_role("listitem").filter(has_text=doctor)
    expect(entry.first).to_contain_text("doctor")
    expect(entry.first).to_contain_text("Looked at:")
    check_accessible(page)


def test_a_decision_takes_effect_and_is_withdrawn(
    hospital: Server,
    open_app: OpenApp,
    client_as: ClientAs,
    patient: str,
    check_accessible: Callable[[Page], None],
):
    _, name = who_is(hospital, "doctor")
    doctor = client_as("doctor")
    page = open_app("portal", "patient", "consents", phone=True)
    assert doctor.send("GET", f"Patient/{patient}").status == 200

    page.get_by_role("button", name="Keep a person out").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Decide so").click()
    expect(dialog.get_by_text("Choose a person")).to_be_visible()
    dialog.get_by_label("Whom").fill(name.split()[-1])
    # Others may have the same family name.
    dialog.get_by_role("radio", name=name.removeprefix("Dr. ")).check()
    check_accessible(page)
    dialog.get_by_role("button", name="Decide so").click()
    expect(page.get_by_text("may not see: my whole record")).to_be_visible()
    expect(page.get_by_text(re.compile("^In force"))).to_be_visible()
    assert doctor.send("GET", f"Patient/{patient}").status == 404
    check_accessible(page)

    page.get_by_role("button", name="Withdraw…").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw", exact=True).click()

    expect(page.get_by_text("No longer in force")).to_be_visible()
    assert doctor.send("GET", f"Patient/{patient}").status == 200


def test_the_summary_is_downloaded(open_app: OpenApp):
    page = open_app("portal", "patient", "download")

    with page.expect_download(timeout=PATIENCE_MS) as downloading:
        page.get_by_role("button", name="Download the summary").click(timeout=PATIENCE_MS)

    bundle = json.loads(Path(downloading.value.path()).read_text())
    assert bundle["type"] == "document"
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"


def test_an_appointment_is_cancelled(hospital: Server, open_app: OpenApp, patient: str):
    with hospital.client() as client:
        made = client.send(
            "POST",
            "Appointment",
            {
                "resourceType": "Appointment",
                "status": "booked",
                "start": "2099-05-04T09:00:00Z",
                "end": "2099-05-04T09:30:00Z",
                "participant": [
                    {"actor": {"reference": f"Patient/{patient}"}, "status": "accepted"},
                    {"actor": {"display": "Foot clinic"}, "status": "accepted"},
                ],
            },
        )
        assert made.status == 201, made.json
        page = open_app("portal", "patient", phone=True)
        mine = page.get_by_role("region", name="Your appointments")
        expect(mine.get_by_text("Foot clinic")).to_be_visible()

        mine.get_by_role("button", name="Cancel…").last.click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel the appointment").click()

        expect(mine.get_by_text("Foot clinic")).to_have_count(0)
        stored = client.send("GET", f"Appointment/{made.json['id']}").json
        assert stored["status"] == "cancelled"


def test_each_page_is_accessible_and_speaks_german(
    open_app: OpenApp, check_accessible: Callable[[Page], None]
):
    page = open_app("portal", "patient")
    expect(page.get_by_role("region", name="Messages to you")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
    check_accessible(page)
    for place in PLACES:
        page.goto(re.sub(r"/apps/portal/.*", f"/apps/portal/{place}", page.url))
        expect(page.locator("#content").get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
        expect(page.get_by_role("alert")).to_have_count(0)
        check_accessible(page)

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Deutsch").click()

    expect(page.get_by_role("heading", name="Zusammenfassung meiner Akte")).to_be_visible()
