"""The chart: from the ward's list to a patient, what is new, and what is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server
from tests.apps.people import a_patient, cared_for

pytestmark = pytest.mark.slow

LOINC = "http://loinc.org"
ENTRY = "https://fhirserver.example/vital-signs-entry"
OpenApp = Callable[..., Page]
ClientAs = Callable[[str], Client]


def somebody(client: Client) -> str:
    """The id of a patient who is in the care of the account."""
    found = client.send("GET", "Encounter?status=in-progress&_count=1&_sort=-date").json
    return str(found["entry"][0]["resource"]["subject"]["reference"]).removeprefix("Patient/")


def somebody_new(hospital: Server) -> str:
    """The id of a patient of the doctor for whom nothing is ordered yet."""
    patient = a_patient(hospital)
    cared_for(hospital, patient, "doctor")
    return str(patient["id"])


def entered(client: Client, patient: str) -> list[dict]:
    """The vital signs that were entered in the app."""
    system = quote(f"{ENTRY}|", safe="")
    found = client.send("GET", f"Observation?patient={patient}&identifier={system}").json
    return [entry["resource"] for entry in found.get("entry", ())]


def record(page: Page, pulse: str, temperature: str) -> None:
    page.get_by_label("Pulse").fill(pulse)
    page.get_by_label("Temperature").fill(temperature)
    page.get_by_role("button", name=re.compile("^Save for ")).click()


def test_a_nurse_opens_a_patient_of_the_ward_and_sees_what_is_new(
    open_app: OpenApp, check_accessible: Callable[[Page], None]
):
    page = open_app("chart", "nurse")
    first = page.get_by_role("rowheader").get_by_role("link").first
    expect(first).to_be_visible()
    check_accessible(page)
    name = first.inner_text()

    first.click()

    banner = page.get_by_role("region", name="Patient", exact=True)
    expect(banner).to_contain_text(name)
    expect(banner).to_contain_text(re.compile(r"Born\s*\d\d-\w{3}-\d{4}"))
    expect(page.get_by_role("region", name=re.compile("^Since yesterday"))).to_be_visible()
    expect(page.get_by_role("table", name="Vital signs")).to_be_visible()
    check_accessible(page)


def test_the_summary_asks_at_most_six_times(open_app: OpenApp, client_as: ClientAs):
    patient = somebody(client_as("nurse"))
    page = open_app("chart", "nurse")
    expect(page.get_by_role("heading", name="My patients")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(page.url.split("/apps/")[0] + f"/apps/chart/patients/{patient}")

    expect(page.get_by_role("region", name=re.compile("^Since yesterday"))).to_be_visible()
    assert len([url for url in asked if re.search(r"/fhir(/|\?|$)", url)]) <= 6


def test_vital_signs_are_entered_with_the_keyboard_and_the_unusual_confirmed(
    open_app: OpenApp, client_as: ClientAs
):
    nurse = client_as("nurse")
    patient = somebody(nurse)
    page = open_app("chart", "nurse", f"patients/{patient}/vitals/new", phone=True)

    record(page, "9o", "374")
    expect(page.get_by_text("Must be 20 to 45")).to_be_visible()
    expect(page.get_by_text("Digits only")).to_be_visible()

    record(page, "187", "37,4")
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("187")
    asked.get_by_role("button", name="They are right: save").click()

    expect(page.get_by_role("heading", name="Vital signs", exact=True)).to_be_visible()
    values = {o["valueQuantity"]["value"] for o in entered(nurse, patient) if "valueQuantity" in o}
    assert {187, 37.4} <= values


def test_what_was_entered_without_a_connection_is_sent_once(open_app: OpenApp, client_as: ClientAs):
    nurse = client_as("nurse")
    patient = somebody(nurse)
    page = open_app("chart", "nurse", f"patients/{patient}/vitals/new", phone=True)
    expect(page.get_by_label("Pulse")).to_be_visible()
    lost = {"answers": 0}

    def cut(route: Route) -> None:
        # The first time the server gets it, and the answer is lost: the worst that can happen.
        if route.request.method == "POST" and "Observation" in (route.request.post_data or ""):
            if lost["answers"] == 0:
                lost["answers"] += 1
                route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/fhir", cut)
    record(page, "83", "36.6")
    expect(page.get_by_text("No connection: the values are kept")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="on this device to be sent")).to_be_visible()
    page.unroute("**/fhir")
    page.get_by_role("button", name="Send now").click()

    expect(page.get_by_role("status").filter(has_text="on this device to be sent")).to_have_count(0)
    kept = [o for o in entered(nurse, patient) if o.get("valueQuantity", {}).get("value") == 83]
    assert len(kept) == 1


def test_a_doctor_writes_a_note_and_an_addendum(open_app: OpenApp, client_as: ClientAs):
    patient = somebody(client_as("doctor"))
    page = open_app("chart", "doctor", f"patients/{patient}/notes")

    page.get_by_role("button", name="Write a note").click()
    page.get_by_label("Text").fill("Seen at night. <b>李</b> sleeps.")
    page.get_by_role("button", name=re.compile("^Sign for ")).click()
    note = page.get_by_role("article").filter(has_text="Seen at night. <b>李</b> sleeps.")
    expect(note).to_be_visible()

    note.get_by_role("button", name="Add an addendum").click()
    page.get_by_label("Text").fill("Breathes calmly.")
    page.get_by_role("button", name=re.compile("^Sign for ")).click()
    expect(note).to_contain_text("Breathes calmly.")


def test_orders_are_gathered_and_signed_together(
    hospital: Server, open_app: OpenApp, client_as: ClientAs
):
    doctor = client_as("doctor")
    patient = somebody_new(hospital)
    page = open_app("chart", "doctor", f"patients/{patient}/orders")

    page.get_by_role("button", name="Order tests or imaging").click()
    for name in ("Lactate", "Plain chest X-ray"):
        page.get_by_role("combobox", name="Add to the order").click()
        page.get_by_role("option", name=name, exact=True).click()
    page.get_by_role("button", name="Review 2 orders").click()
    page.get_by_role("button", name=re.compile("^Sign 2 orders for ")).click()

    expect(page.get_by_text(re.compile("^2 orders for .* are signed"))).to_be_visible()
    expect(page.get_by_role("rowheader", name="Lactate").first).to_be_visible()
    system = quote("https://fhirserver.example/order-entry|", safe="")
    found = doctor.send("GET", f"ServiceRequest?patient={patient}&identifier={system}").json
    assert len({e["resource"]["requisition"]["value"] for e in found["entry"]}) == 1
    # Each department sees by that whose order it is.
    performers = {e["resource"]["performer"][0]["display"] for e in found["entry"]}
    assert performers == {
        "Saguaro General Hospital, Laboratory",
        "Saguaro General Hospital, Radiology",
    }


def test_what_speaks_against_an_order_is_told_while_it_is_chosen(
    hospital: Server, open_app: OpenApp, check_accessible: Callable[[Page], None]
):
    patient = somebody_new(hospital)
    subject = {"reference": f"Patient/{patient}"}
    with hospital.client() as client:
        for resource in (procalcitonin_order(subject), egfr(subject)):
            assert client.send("POST", resource["resourceType"], resource).status == 201
    page = open_app("chart", "doctor", f"patients/{patient}/orders")
    page.get_by_role("button", name="Order tests or imaging").click()

    def add(name: str) -> None:
        page.get_by_role("combobox", name="Add to the order").click()
        page.get_by_role("option", name=name, exact=True).click()

    cards = page.get_by_role("region", name="What speaks against it")
    add("Procalcitonin")
    expect(cards).to_contain_text("Warning: Procalcitonin is ordered already")
    add("Computed tomography of abdomen")
    expect(page.get_by_role("rowheader", name="Computed tomography of abdomen")).to_be_visible()
    expect(cards).not_to_contain_text("eGFR")
    page.get_by_label("with contrast medium into the vein").check()
    expect(cards).to_contain_text("eGFR 24 mL/min")
    expect(cards).to_contain_text("National Kidney Foundation")
    check_accessible(page)

    cards.get_by_role("button", name="Don't order Procalcitonin").click()
    expect(cards).not_to_contain_text("Procalcitonin")
    page.get_by_role("button", name="Review one order").click()
    expect(page.get_by_text(re.compile("against it: you have read"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Sign one order for ")).click()
    expect(page.get_by_text(re.compile("^One order for .* is signed"))).to_be_visible()


def procalcitonin_order(subject: Resource) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": LOINC, "code": "33959-8"}], "text": "Procalcitonin"},
        "subject": subject,
        "authoredOn": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def egfr(subject: Resource) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "98979-8"}], "text": "eGFR"},
        "subject": subject,
        "effectiveDateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "valueQuantity": {
            "value": 24,
            "unit": "mL/min/1.73 m2",
            "system": "http://unitsofmeasure.org",
            "code": "mL/min/{1.73_m2}",
        },
    }


@pytest.mark.parametrize(
    "at", ["vitals", "vitals/new", "results", "problems", "allergies", "notes", "orders", "plan"]
)
def test_every_page_can_be_used_by_everybody(
    open_app: OpenApp, client_as: ClientAs, check_accessible: Callable[[Page], None], at: str
):
    patient = somebody(client_as("nurse"))
    page = open_app("chart", "nurse", f"patients/{patient}/{at}")

    expect(page.locator("#content").get_by_role("heading", level=2).first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    check_accessible(page)


def test_a_record_that_is_closed_can_be_opened_in_an_emergency(open_app: OpenApp):
    page = open_app("chart", "doctor", "patients/not-mine")

    expect(page.get_by_role("button", name="Break the glass")).to_be_visible()
    page.get_by_role("button", name="Break the glass").click()
    expect(page.get_by_text("Write at least 10 characters")).to_be_visible()


def test_in_an_emergency_nothing_is_offered_that_would_be_refused(
    hospital: Server, open_app: OpenApp, check_accessible: Callable[[Page], None]
):
    patient = a_patient(hospital)
    page = open_app("chart", "doctor", f"patients/{patient['id']}")
    page.get_by_label("Why, in a sentence").fill("Found unconscious in the car park.")
    page.get_by_role("button", name="Break the glass").click()
    page.get_by_role("link", name="Vital signs").first.click()
    expect(page.get_by_role("heading", name="Vital signs").first).to_be_visible()
    expect(page.get_by_text(re.compile("^Open in an emergency until"))).to_be_visible()
    expect(page.get_by_role("link", name="Record vital signs")).to_have_count(0)
    check_accessible(page)

    cared_for(hospital, patient, "doctor")
    page.get_by_role("button", name="The patient is in my care now").click()
    expect(page.get_by_role("link", name="Record vital signs")).to_be_visible()
    expect(page.get_by_text(re.compile("^Open in an emergency until"))).to_have_count(0)
