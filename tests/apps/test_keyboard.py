"""Journeys with nothing but the keyboard, from the sign-in on.

https://www.w3.org/TR/WCAG22/#keyboard
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from conformance.faults.server import Server
from fhirserver import clock, ids
from tests.apps.keyboard import Keyboard
from tests.apps.people import a_patient, cared_for
from tests.apps.scans import PATIENT_MS, SLICES, filed

pytestmark = pytest.mark.slow

REASON = "unconscious in the emergency room, no papers"


@pytest.fixture
def stranger(hospital: Server) -> dict[str, Any]:
    """A patient who is in nobody's care."""
    name = "Stranger" + ids.new()[-12:].translate(str.maketrans("0123456789-", "ghijklmnopq"))
    with hospital.client() as client:
        made = client.send(
            "POST",
            "Patient",
            {
                "resourceType": "Patient",
                "name": [{"family": name, "given": ["Ada"]}],
                "birthDate": "1950-02-03",
            },
        )
    assert made.status == 201, made.says
    found: dict[str, Any] = made.json
    return found


@pytest.fixture
def allergic(hospital: Server, stranger: dict[str, Any]) -> dict[str, Any]:
    """A patient of the doctor's who is allergic to penicillin."""
    penicillin = {"system": "http://snomed.info/sct", "code": "373270004", "display": "Penicillin"}
    terms = "http://terminology.hl7.org/CodeSystem"
    subject = {"reference": f"Patient/{stranger['id']}"}
    with hospital.client() as client:
        query = "Practitioner?identifier=https://fhirserver.example/demo-account|doctor"
        doctor = client.send("GET", query).json["entry"][0]["resource"]
        for resource in (
            {
                "resourceType": "Encounter",
                "status": "in-progress",
                "class": {"system": f"{terms}/v3-ActCode", "code": "IMP"},
                "subject": subject,
                "participant": [
                    {
                        "type": [{"coding": [{"code": "ATND"}]}],
                        "individual": {"reference": f"Practitioner/{doctor['id']}"},
                    }
                ],
            },
            {
                "resourceType": "AllergyIntolerance",
                "clinicalStatus": {
                    "coding": [{"system": f"{terms}/allergyintolerance-clinical", "code": "active"}]
                },
                "verificationStatus": {
                    "coding": [
                        {
                            "system": f"{terms}/allergyintolerance-verification",
                            "code": "confirmed",
                        }
                    ]
                },
                "criticality": "high",
                "code": {"coding": [penicillin], "text": "Penicillin"},
                "patient": subject,
            },
        ):
            made = client.send("POST", resource["resourceType"], resource)
            assert made.status == 201, made.says
    return stranger


def family_of(patient: dict[str, Any]) -> str:
    return str(patient["name"][0]["family"]).upper()


def test_a_nurse_opens_a_patient_of_the_ward_and_enters_vital_signs(open_app, client_as):
    page = open_app("chart", "nurse")
    keys = Keyboard(page)
    first = page.get_by_role("rowheader").get_by_role("link").first
    expect(first).to_be_visible()
    name = first.inner_text()

    keys.press(page.get_by_role("link", name=name, exact=True))
    expect(page.get_by_role("region", name="Patient", exact=True)).to_contain_text(name)
    keys.press(page.get_by_role("link", name="Record vital signs"))
    keys.write(page.get_by_label("Pulse"), "186")
    keys.write(page.get_by_label("Temperature"), "37,3")
    keys.press(page.get_by_role("button", name=re.compile("^Save for ")))
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("186")
    keys.press(asked.get_by_role("button", name="They are right: save"))

    expect(page.get_by_role("heading", name="Vital signs", exact=True)).to_be_visible()
    patient = re.search("patients/([^/]+)/vitals$", page.url)
    assert patient is not None
    found = client_as("nurse").send(
        "GET", f"Observation?patient={patient[1]}&code=8867-4&value-quantity=186"
    )
    assert found.json["entry"][0]["resource"]["status"] == "final"


def test_a_patient_is_moved_to_another_bed(open_app):
    page = open_app("board", "nurse")
    keys = Keyboard(page)
    ward = page.get_by_label("Ward", exact=True).locator("option")
    keys.select(ward.filter(has_text="Medical Ward"))
    expect(page.get_by_role("heading", level=2, name="Medical Ward")).to_be_visible()
    card = page.get_by_role("button", name=re.compile("MRN")).first
    # A line such as VAN DER BERG, Ana; others tell of the bed.
    name = re.search(r"^[^\d\n]+, [^\d\n]+$", card.inner_text(), re.MULTILINE)
    assert name is not None, card.inner_text()
    keys.press(card)
    dialog = page.get_by_role("dialog")
    choice = dialog.get_by_label("Move to")
    expect(choice).to_be_visible()
    # Beds of other wards have the same names; what isn't just free has its state behind the name.
    beds = choice.locator('optgroup[label="Medical Ward"] option')
    free = beds.filter(has_not_text="(").first
    target = free.inner_text()
    keys.select(free)
    keys.press(dialog.get_by_role("button", name=re.compile(f"^Move {re.escape(name[0])}")))

    expect(dialog).to_have_count(0)
    bed = page.get_by_role("button", name=re.compile(rf"^{re.escape(target)}\b"))
    expect(bed).to_contain_text(name[0])
    expect(page.locator("button[data-state]:focus")).to_have_count(1)


def test_a_message_is_sent_to_a_colleague(open_app, hospital):
    with hospital.client() as client:
        query = "Practitioner?identifier=https://fhirserver.example/demo-account|doctor"
        doctor = client.send("GET", query).json["entry"][0]["resource"]["name"][0]
    page = open_app("messages", "nurse")
    keys = Keyboard(page)
    topic = f"Handover {ids.new()}"

    keys.press(page.get_by_role("link", name="New message"))
    keys.write(page.get_by_role("combobox", name=re.compile("^To")), doctor["family"])
    keys.choose(page.get_by_role("option", name=re.compile(rf"{doctor['family']}$")))
    keys.write(page.get_by_label("Topic"), topic)
    keys.write(page.get_by_label("Message", exact=True), "Bed 4 slept well.")
    keys.press(page.get_by_label("Urgent"), "Space")
    keys.press(page.get_by_role("button", name="Send"), "Space")

    conversation = page.get_by_role("region", name="Conversation", exact=True)
    expect(conversation.get_by_text("Bed 4 slept well.")).to_be_visible()
    expect(page.get_by_role("heading", name=topic)).to_be_visible()


def test_an_appointment_is_booked(open_app):
    page = open_app("scheduling", "reception")
    keys = Keyboard(page)
    new = page.get_by_role("button", name="New appointment")
    keys.press(new)
    dialog = page.get_by_role("dialog", name="New appointment")
    keys.write(dialog.get_by_label("Patient"), "lee")
    keys.press(dialog.get_by_role("listitem").get_by_role("button").first)
    keys.write(dialog.get_by_label("With any of").and_(dialog.locator("input")), "Dr.")
    keys.choose(page.get_by_role("option", name="Dr."))
    times = dialog.get_by_role("group", name="First free times")
    keys.press(times.get_by_role("button").first)
    expect(dialog.get_by_text(re.compile("^Held until"))).to_be_visible()
    keys.write(dialog.get_by_label("Reason"), "Dizzy on standing")
    keys.press(dialog.get_by_role("button", name=re.compile("^Book LEE")))

    expect(page.get_by_text(re.compile("LEE.*booked for"))).to_be_visible()
    expect(new).to_be_focused()


def test_a_patient_looks_up_who_saw_the_record(open_app):
    page = open_app("portal", "patient")
    keys = Keyboard(page)

    keys.press(page.get_by_role("link", name="Who saw my record").first)
    expect(page.get_by_role("heading", name="Who saw my record")).to_be_visible()
    own = page.get_by_role("switch", name="Show what I did myself, too")
    keys.press(own, "Space")

    expect(own).to_be_checked()
    expect(page.get_by_role("listitem").filter(has_text="Looked at:").first).to_be_visible()


def test_a_glass_is_broken_and_the_access_is_reviewed(open_app, stranger):
    chart = open_app("chart", "doctor", f"patients/{stranger['id']}")
    keys = Keyboard(chart)
    keys.write(chart.get_by_label("Why, in a sentence"), REASON)
    keys.press(chart.get_by_role("button", name="Break the glass"))
    banner = chart.get_by_role("region", name="Patient", exact=True)
    expect(banner).to_contain_text(family_of(stranger))

    page = open_app("admin", "auditor")
    keys = Keyboard(page)
    review = page.get_by_role("listitem").filter(has_text=family_of(stranger))
    opened = review.get_by_role("button", name="What was opened")
    keys.press(opened)
    expect(review.get_by_role("table")).to_be_visible()
    decide = review.get_by_role("button", name="Decide…")
    keys.press(decide, back=True)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    keys.key("Escape")
    expect(dialog).to_have_count(0)
    expect(decide).to_be_focused()
    keys.key("Enter")
    keys.press(dialog.get_by_role("radio").first, "Space")
    expect(dialog.get_by_role("radio", name="Justified", exact=True)).to_be_checked()
    keys.write(dialog.get_by_label("Note"), "Asked the emergency room: she had no papers.")
    keys.press(dialog.get_by_role("button", name="Save"))

    expect(review).to_have_count(0)


def test_the_palette_leads_to_a_patient(open_app, hospital):
    patient = a_patient(hospital)
    cared_for(hospital, patient, "nurse")
    born = patient["birthDate"]
    page = open_app("chart", "nurse")
    keys = Keyboard(page)
    expect(page.get_by_role("heading", name="My patients")).to_be_visible()

    keys.key("Control+k")
    palette = page.get_by_role("dialog")
    expect(palette.get_by_label("Search patients and screens")).to_be_focused()
    page.keyboard.type(f"{patient['name'][0]['family']} {born}")
    expect(palette.get_by_text(f"{family_of(patient)},").first).to_be_visible()
    keys.key("ArrowDown")
    keys.key("Enter")

    banner = page.get_by_role("region", name="Patient", exact=True)
    expect(banner).to_contain_text(family_of(patient))


def test_the_language_is_chosen_in_the_menu_and_escape_leads_back(open_app):
    page = open_app("home", "doctor")
    keys = Keyboard(page)
    account = page.get_by_role("button", name="Your account")
    keys.press(account)
    expect(page.get_by_role("menuitem").first).to_be_visible()
    keys.key("Escape")
    expect(page.get_by_role("menuitem")).to_have_count(0)
    expect(account).to_be_focused()

    keys.key("Enter")
    german = page.get_by_role("menuitem", name="Deutsch")
    expect(german).to_be_visible()
    for _ in range(10):
        if german.evaluate("item => item === document.activeElement"):
            break
        keys.key("ArrowDown")
    keys.key("Enter")

    expect(page.get_by_role("navigation", name="Ihre Apps")).to_be_visible()


def test_an_allergy_warning_is_answered_with_a_reason(open_app, allergic):
    page = open_app("prescriptions", "doctor", f"patients/{allergic['id']}/order")
    keys = Keyboard(page)
    keys.write(page.get_by_role("textbox", name="Medicine"), "amoxi")
    keys.choose(page.get_by_role("option", name=re.compile("Amoxicillin 500 MG")))
    keys.write(page.get_by_label("Dose"), "500")
    for label, choice in (("Route", "by mouth"), ("How often", "every 8 hours")):
        keys.press(page.get_by_label(label).and_(page.locator("input")), "ArrowDown")
        keys.choose(page.get_by_role("option", name=choice, exact=True))
    keys.press(page.get_by_role("button", name="Check"))
    # What is severe is told as soon as a medicine is chosen; reasons are asked for by the check.
    reasons = page.get_by_label("Reason to prescribe it all the same")
    expect(reasons.first).to_be_visible()
    for reason in reasons.all():
        keys.write(reason, "Tolerated twice under observation")
    keys.press(page.get_by_role("button", name=re.compile("^Sign for ")))

    row = page.get_by_role("row").filter(has_text="Amoxicillin 500 MG").first
    expect(row).to_contain_text("in force")


def test_the_images_of_a_study_are_scrolled(open_app, hospital, client_as):
    study = filed(client_as("radiologist"), hospital.port)
    at = study["subject"]["reference"].removeprefix("Patient/")
    page = open_app("imaging", "radiologist", f"patients/{at}")
    keys = Keyboard(page)

    keys.press(page.locator(f"a[href$='/studies/{study['id']}']"))
    pane = page.get_by_role("group", name="Images: Study")
    expect(pane.get_by_text(f"Image 1 of {SLICES}")).to_be_visible(timeout=PATIENT_MS)
    keys.to(pane)
    keys.key("ArrowDown")
    expect(pane.get_by_text(f"Image 2 of {SLICES}")).to_be_visible()
    keys.key("End")
    expect(pane.get_by_text(f"Image {SLICES} of {SLICES}")).to_be_visible()


def test_an_alert_is_taken_on(open_app, hospital, allergic):
    with hospital.client() as client:
        laboratory = {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory",
        }
        interpretation = {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
            "code": "HH",
        }
        potassium = {
            "resourceType": "Observation",
            "status": "final",
            "category": [{"coding": [laboratory]}],
            "code": {
                "coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]
            },
            "subject": {"reference": f"Patient/{allergic['id']}"},
            "effectiveDateTime": clock.now().isoformat(),
            "issued": clock.now().isoformat(),
            "valueQuantity": {
                "value": 7.4,
                "unit": "mmol/L",
                "system": "http://unitsofmeasure.org",
                "code": "mmol/L",
            },
            "interpretation": [{"coding": [interpretation]}],
        }
        assert client.send("POST", "Observation", potassium).status == 201
    page = open_app("inbox", "doctor")
    keys = Keyboard(page)
    row = page.get_by_role("listitem").filter(has_text=family_of(allergic))
    keys.press(row.get_by_role("button", name="Answer"))
    dialog = page.get_by_role("dialog")
    keys.press(dialog.get_by_role("radio").first, "Space")
    keys.key("ArrowDown")
    keys.write(dialog.get_by_label("Note"), "Calcium given")
    keys.press(dialog.get_by_role("button", name="Take it on"))

    expect(row).to_contain_text("On it: you")
    expect(dialog).to_have_count(0)
    expect(page.locator("#content:focus, #content :focus")).to_have_count(1)
