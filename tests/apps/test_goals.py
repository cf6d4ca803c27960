"""Goals with how far they are, and vaccines: written in the chart, and shown with what was measured."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server
from tests.apps.people import a_patient, cared_for, made

pytestmark = pytest.mark.slow

LOINC = "http://loinc.org"
OpenApp = Callable[..., Page]


@pytest.fixture
def patient(hospital: Server) -> str:
    found = a_patient(hospital)
    cared_for(hospital, found, "doctor")
    for at, systolic in (("2026-11-02T08:00:00Z", 128), ("2026-11-01T08:00:00Z", 150)):
        made(hospital, _pressure(found, at, systolic))
    return str(found["id"])


def _pressure(patient: Resource, at: str, systolic: int) -> Resource:
    value = {"unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    parts = (("8480-6", systolic), ("8462-4", 80))
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": category, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "effectiveDateTime": at,
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": code}]},
                "valueQuantity": {"value": number, **value},
            }
            for code, number in parts
        ],
    }


def stored(client: Client, kind: str, patient: str) -> list[Resource]:
    found = client.send("GET", f"{kind}?patient={patient}").json
    return [entry["resource"] for entry in found.get("entry", ())]


def test_a_goal_is_set_and_shown_with_what_was_measured(
    open_app: OpenApp,
    client_as: Callable[[str], Client],
    patient: str,
    check_accessible: Callable[[Page], None],
):
    page = open_app("chart", "doctor", f"patients/{patient}/plan")
    page.get_by_role("button", name="Add a goal").click()
    dialog = page.get_by_role("dialog", name="Add a goal")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Needed", exact=True)).to_be_visible()
    dialog.get_by_label("Goal").fill("Pressure below 125")
    dialog.get_by_label("Measured by").select_option("8480-6")
    dialog.get_by_label("At least").fill("130")
    dialog.get_by_label("At most").fill("125")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Must not be below the lower one")).to_be_visible()
    dialog.get_by_label("At least").fill("")
    check_accessible(page)
    dialog.get_by_role("button", name="Save").click()

    row = page.get_by_role("row").filter(has_text="Pressure below 125")
    expect(row).to_contain_text("≤\u00a0125\u00a0mmHg")
    expect(row).to_contain_text(re.compile("128.*before 150.*not yet within the target", re.DOTALL))
    row.get_by_role("button", name="Change Pressure below 125").click()
    page.get_by_role("menuitem", name="Improving").click()
    expect(row).to_contain_text("Improving")
    [goal] = stored(client_as("doctor"), "Goal", patient)
    assert goal["achievementStatus"]["coding"][0]["code"] == "improving"
    assert goal["target"][0]["detailRange"] == {
        "high": {
            "value": 125,
            "unit": "mmHg",
            "system": "http://unitsofmeasure.org",
            "code": "mm[Hg]",
        }
    }
    check_accessible(page)


def test_a_vaccine_is_recorded_with_its_lot(
    open_app: OpenApp,
    client_as: Callable[[str], Client],
    patient: str,
    check_accessible: Callable[[Page], None],
):
    page = open_app("chart", "doctor", f"patients/{patient}/immunizations")
    page.get_by_role("button", name="Add an immunization").click()
    dialog = page.get_by_role("dialog", name="Add an immunization")
    dialog.get_by_label("Vaccine").fill("Tetanus and diphtheria")
    dialog.get_by_label("Vaccine").press("Tab")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Needed for a recall")).to_be_visible()
    check_accessible(page)
    dialog.get_by_label("Lot").fill("A-17")
    dialog.get_by_label("Number in the series").fill("2")
    dialog.get_by_role("button", name="Save").click()

    row = page.get_by_role("row").filter(has_text="Tetanus and diphtheria")
    expect(row).to_contain_text("A-17")
    [found] = stored(client_as("doctor"), "Immunization", patient)
    assert found["vaccineCode"]["coding"][0]["code"] == "113"
    assert found["protocolApplied"] == [{"doseNumberPositiveInt": 2}]


def test_a_nurse_reads_vaccines_and_adds_none(open_app: OpenApp, client_as):
    found = client_as("nurse").send("GET", "Encounter?status=in-progress&_count=1").json
    subject = found["entry"][0]["resource"]["subject"]["reference"].removeprefix("Patient/")
    page = open_app("chart", "nurse", f"patients/{subject}/immunizations")

    expect(page.get_by_role("heading", name="Immunizations")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("button", name="Add an immunization")).to_have_count(0)
