"""A prescription with an allergy warning, from the order to the dose."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

STAYS = "Encounter?status=in-progress&class=IMP&_count=200"
CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
PENICILLIN = {"system": "http://snomed.info/sct", "code": "373270004", "display": "Penicillin"}


def in_house(client):
    entries = client.send("GET", STAYS).json.get("entry", [])
    return {e["resource"]["subject"]["reference"] for e in entries}


@pytest.fixture
def patient(hospital, client_as):
    """An inpatient of both the doctor and the nurse, allergic to penicillin."""
    both = sorted(in_house(client_as("doctor")) & in_house(client_as("nurse")))
    reference = (both or sorted(in_house(client_as("doctor"))))[0]
    allergy = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": VERIFICATION, "code": "confirmed"}]},
        "criticality": "high",
        "code": {"coding": [PENICILLIN], "text": "Penicillin"},
        "patient": {"reference": reference},
    }
    with hospital.client() as client:
        # Once, for all tests that have this patient.
        search = f"patient={reference}&code={PENICILLIN['system']}|{PENICILLIN['code']}"
        done = client.send("POST", "AllergyIntolerance", allergy, if_none_exist=search)
        assert done.status in {200, 201}, done.body
        return client.send("GET", reference).json


def order(page, patient):
    page.get_by_role("textbox", name="Medicine").fill("amoxi")
    page.get_by_role("option", name=re.compile("Amoxicillin 500 MG")).click()
    page.get_by_label("Dose").fill("500")
    page.get_by_label("Route").and_(page.locator("input")).click()
    page.get_by_role("option", name="by mouth").click()
    page.get_by_label("How often").and_(page.locator("input")).click()
    page.get_by_role("option", name="every 8 hours").click()
    page.get_by_role("button", name="Check").click()


def test_an_allergy_stops_a_signature_until_there_is_a_reason(open_app, check_accessible, patient):
    page = open_app("prescriptions", "doctor", f"patients/{patient['id']}/order")
    expect(page.get_by_label("Patient", exact=True)).to_contain_text("Penicillin")
    order(page, patient)

    expect(page.get_by_text(re.compile("^Severe:")).first).to_be_visible()
    check_accessible(page)
    sign = page.get_by_role(
        "button", name=re.compile(f"^Sign for {patient['name'][0]['family'].upper()}")
    )
    sign.click()
    expect(page.get_by_text("Fill this in").first).to_be_visible()
    for reason in page.get_by_label("Reason to prescribe it all the same").all():
        reason.fill("Tolerated twice under observation")
    sign.click()

    row = page.get_by_role("row").filter(has_text="Amoxicillin 500 MG").first
    expect(row).to_contain_text("in force")
    expect(row).to_contain_text("every 8 hours")
    check_accessible(page)


def test_a_dose_is_recorded_once_the_wristband_fits(open_app, check_accessible, patient):
    page = open_app("prescriptions", "nurse", "round", phone=True)
    expect(page.get_by_role("heading", name="Medicine round")).to_be_visible()
    page.get_by_role("radiogroup", name="Which doses").get_by_text("All").click()
    check_accessible(page)
    page.goto(page.url.replace("/round", f"/patients/{patient['id']}"))
    page.get_by_role("button", name="Give", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Wristband").fill("1900-01-01")
    expect(dialog.get_by_role("alert")).to_contain_text("NOT this patient")
    dialog.get_by_role("button", name="Record as given").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Wristband").fill(patient["birthDate"])
    expect(dialog.get_by_role("status")).to_contain_text("This is the patient")
    check_accessible(page)
    dialog.get_by_role("button", name="Record as given").click()

    expect(dialog).to_be_hidden()
    expect(page.get_by_text(re.compile("was recorded as given"))).to_be_visible()


def test_the_pharmacy_sees_what_is_to_be_dispensed(open_app, check_accessible):
    page = open_app("prescriptions", "pharmacist", "queue")

    expect(page.get_by_role("heading", name="Pharmacy: to dispense")).to_be_visible()
    expect(page.get_by_role("button", name="Dispense").first).to_be_visible()
    check_accessible(page)


def test_sources_are_compared(open_app, check_accessible, patient):
    page = open_app("prescriptions", "doctor", f"patients/{patient['id']}/reconcile")

    expect(page.get_by_role("table")).to_be_visible()
    check_accessible(page)
