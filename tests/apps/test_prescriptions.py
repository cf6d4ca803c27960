"""A prescription with an allergy warning, from the order to the dose."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

STAYS = "Encounter?status=in-progress&class=IMP&_count=200"
CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
PHARMACY = "http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2Fv3-RoleCode%7CPHARM"
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


def day(days):
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")


def order(page, patient, medicine="amoxi", option="Amoxicillin 500 MG", dose="500"):
    page.get_by_role("textbox", name="Medicine").fill(medicine)
    page.get_by_role("option", name=re.compile(option, re.IGNORECASE)).first.click()
    page.get_by_label("Dose").fill(dose)
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


def test_a_ward_prescription_is_renewed_with_the_medicine_that_it_refers_to(
    hospital, open_app, patient
):
    code = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "8640"}
    with hospital.client() as client:
        medication = {
            "resourceType": "Medication",
            "code": {"coding": [code | {"display": "prednisone"}], "text": "prednisone"},
        }
        made = client.send("POST", "Medication", medication).json
        order = {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": f"Patient/{patient['id']}"},
            "medicationReference": {"reference": f"Medication/{made['id']}"},
        }
        order = client.send("POST", "MedicationRequest", order).json
    page = open_app(
        "prescriptions", "doctor", f"patients/{patient['id']}/order?renew={order['id']}"
    )

    expect(page.get_by_role("textbox", name="Medicine")).to_have_value("prednisone")


CAMERA = """
  window.BarcodeDetector = class {
    async detect(video) { return video.srcObject === null ? [] : [{ rawValue: "%s" }]; }
  };
  navigator.mediaDevices.getUserMedia = async () => {
    if (window.isRefused) throw new DOMException("no", "NotAllowedError");
    const canvas = document.createElement("canvas");
    const paint = () => canvas.getContext("2d").fillRect(0, 0, 9, 9);
    setInterval(paint, 50);
    paint();
    return canvas.captureStream();
  };
"""
"""A camera before which somebody holds a barcode; this machine has none."""


def test_a_wristband_is_read_by_the_camera_where_the_browser_can(
    open_app, check_accessible, patient
):
    page = open_app("prescriptions", "nurse", "round", phone=True)
    number = next(
        i["value"]
        for i in patient["identifier"]
        if any(c["code"] == "MR" for c in i.get("type", {}).get("coding", ()))
    )
    page.add_init_script(CAMERA % number)
    page.goto(page.url.replace("/round", f"/patients/{patient['id']}"))
    page.get_by_role("button", name="Give", exact=True).first.click()
    dialog = page.get_by_role("dialog", name="Give a medicine")
    page.evaluate("window.isRefused = true")
    dialog.get_by_role("button", name="Scan with the camera").click()
    camera = page.get_by_role("dialog", name="Scan a barcode")
    expect(camera.get_by_role("alert")).to_contain_text("use a scanner or the keyboard")
    check_accessible(page)
    camera.get_by_role("button", name="Close").click()
    page.evaluate("window.isRefused = false")
    dialog.get_by_role("button", name="Scan with the camera").click()

    expect(dialog.get_by_role("status")).to_contain_text("This is the patient")
    expect(camera).to_be_hidden()


def test_what_the_doctor_orders_is_dispensed_and_given(
    open_app, client_as, check_accessible, patient
):
    family = patient["name"][0]["family"].upper()
    doctor = open_app("prescriptions", "doctor", f"patients/{patient['id']}/order")
    # The hospital's own pharmacy, without anybody choosing it.
    expect(doctor.get_by_label("Pharmacy").and_(doctor.locator("input"))).to_have_value(
        "Saguaro General Hospital, Pharmacy"
    )
    doctor.get_by_label("What for").fill("Urticaria")
    order(doctor, patient, medicine="cetiri", option="Cetirizine", dose="5")
    for reason in doctor.get_by_label("Reason to prescribe it all the same").all():
        reason.fill("Discussed with the ward")
    doctor.get_by_role("button", name=re.compile(f"^Sign for {family}")).click()
    row = doctor.get_by_role("row").filter(has_text="Urticaria")
    expect(row).to_contain_text("Dispensed by Saguaro General Hospital, Pharmacy")

    pharmacist = open_app("prescriptions", "pharmacist", "queue")
    row = pharmacist.get_by_role("row").filter(has_text="Cetirizine").filter(has_text=family)
    row = row.filter(has=pharmacist.get_by_role("button", name="Dispense"))
    expect(row.last).to_be_visible()
    before = row.count()
    row.last.get_by_role("button", name="Dispense").click()
    dialog = pharmacist.get_by_role("dialog")
    expect(dialog.get_by_label("Patient", exact=True)).to_contain_text("Penicillin")
    dialog.get_by_label("Amount").fill("20")
    dialog.get_by_label("Lasts for (days)").fill("7")
    dialog.get_by_role("button", name="Dispense").click()
    expect(
        pharmacist.get_by_text(re.compile("Cetirizine.* was dispensed", re.IGNORECASE))
    ).to_be_visible()
    expect(row).to_have_count(before - 1)

    nurse = open_app("prescriptions", "nurse", f"patients/{patient['id']}", phone=True)
    row = nurse.get_by_role("row").filter(has_text="Urticaria")
    row.get_by_role("button", name="Give", exact=True).click()
    dialog = nurse.get_by_role("dialog")
    dialog.get_by_label("Wristband").fill(patient["birthDate"])
    dialog.get_by_role("button", name="Record as given").click()
    expect(
        nurse.get_by_text(re.compile("Cetirizine.* was recorded as given", re.IGNORECASE))
    ).to_be_visible()

    found = client_as("doctor").send(
        "GET",
        f"MedicationRequest?patient={patient['id']}&_sort=-authoredon&_count=1"
        "&_revinclude=MedicationDispense:prescription"
        "&_revinclude=MedicationAdministration:request",
    )
    kinds = [e["resource"]["resourceType"] for e in found.json["entry"]]
    assert sorted(kinds) == [
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
    ]


def test_a_repeat_waits_in_the_pharmacy_when_the_last_supply_ends(
    hospital, open_app, check_accessible, patient
):
    """Written ten months ago for a year: the pharmacy still serves the patient."""
    with hospital.client() as client:
        entry = client.send("GET", f"Organization?type={PHARMACY}&name=Saguaro").json["entry"][0]
        request = {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "category": [{"coding": [{"system": CATEGORY, "code": "outpatient"}]}],
            "medicationCodeableConcept": {"text": "Allopurinol 100 MG Oral Tablet"},
            "subject": {"reference": f"Patient/{patient['id']}"},
            "authoredOn": day(-300),
            "dosageInstruction": [{"text": "100 mg by mouth once a day"}],
            "dispenseRequest": {
                "performer": {"reference": f"Organization/{entry['resource']['id']}"},
                "validityPeriod": {"start": day(-300), "end": day(65)},
                "numberOfRepeatsAllowed": 3,
            },
        }
        made = client.send("POST", "MedicationRequest", request).json
        for ago in (290, 200, 95):
            dispense = {
                "resourceType": "MedicationDispense",
                "status": "completed",
                "medicationCodeableConcept": request["medicationCodeableConcept"],
                "subject": request["subject"],
                "authorizingPrescription": [{"reference": f"MedicationRequest/{made['id']}"}],
                "quantity": {"value": 90},
                "daysSupply": {"value": 90, "code": "d", "system": "http://unitsofmeasure.org"},
                "whenHandedOver": f"{day(-ago)}T10:00:00Z",
            }
            assert client.send("POST", "MedicationDispense", dispense).status == 201

    page = open_app("prescriptions", "pharmacist", "queue")
    row = page.get_by_role("row").filter(has_text="Allopurinol 100 MG Oral Tablet")
    row = row.filter(has_text="1 repeat left")
    expect(row).to_contain_text("dispensed 3 times")
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Medicines in force")).to_be_visible()
    check_accessible(page)
    row.get_by_role("button", name="Dispense").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Amount")).to_have_value("90")
    dialog.get_by_role("button", name="Dispense").click()

    row = page.get_by_role("row").filter(has_text="Allopurinol 100 MG Oral Tablet")
    expect(row.filter(has_text="nothing left to dispense")).to_be_visible()


def test_the_pharmacy_sees_what_is_to_be_dispensed(open_app, check_accessible):
    page = open_app("prescriptions", "pharmacist", "queue")

    expect(page.get_by_role("heading", name="Pharmacy: to dispense")).to_be_visible()
    expect(page.get_by_role("button", name="Dispense").first).to_be_visible()
    # Nobody dispenses to somebody without a name.
    for row in (
        page.get_by_role("row").filter(has=page.get_by_role("button", name="Dispense")).all()
    ):
        expect(row).to_contain_text("Born")
    check_accessible(page)


def test_sources_are_compared(open_app, check_accessible, patient):
    page = open_app("prescriptions", "doctor", f"patients/{patient['id']}/reconcile")

    expect(page.get_by_role("table")).to_be_visible()
    check_accessible(page)
