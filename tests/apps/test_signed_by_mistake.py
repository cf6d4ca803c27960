"""What was signed by mistake is marked with a reason, and stays where it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, wait_until
from fhirserver.storage.users import user_by_name
from tests.apps.people import a_patient, cared_for, made

pytestmark = pytest.mark.slow

OpenApp = Callable[..., Page]
LAB = "http://terminology.hl7.org/CodeSystem/v2-0074"


@pytest.fixture
def patient(hospital: Server) -> Resource:
    found = a_patient(hospital)
    cared_for(hospital, found, "doctor")
    return found


def test_a_note_of_ones_own_is_struck_through_with_its_reason(
    open_app: OpenApp, patient: Resource, check_accessible: Callable[[Page], None]
):
    page = open_app("chart", "doctor", f"patients/{patient['id']}/notes")
    page.get_by_role("button", name="Write a note").click()
    page.get_by_label("Text", exact=True).fill("Appendix removed.")
    page.get_by_role("button", name="Sign for ").click()
    note = page.get_by_role("article").filter(has_text="Appendix removed.")
    note.get_by_role("button", name="Entered in error").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Mark as entered in error").click()
    expect(dialog.get_by_text("Needed")).to_be_visible()
    check_accessible(page)
    dialog.get_by_label("Why is it an error?").fill("Of the patient in the next bed")
    dialog.get_by_role("button", name="Mark as entered in error").click()

    expect(note.get_by_role("alert")).to_contain_text("Of the patient in the next bed")
    expect(note.locator("del")).to_contain_text("Appendix removed.")
    expect(note.get_by_role("button", name="Entered in error")).to_have_count(0)
    check_accessible(page)
    page.goto(page.url.replace("/notes", "/timeline"))
    line = page.get_by_role("listitem").filter(has_text="entered in error")
    expect(line.locator("del")).to_be_visible()


def test_a_report_that_is_withdrawn_opens_its_order_again(
    hospital: Server,
    open_app: OpenApp,
    client_as: Callable[[str], Client],
    patient: Resource,
):
    with hospital.database() as database:
        account = user_by_name(database, "doctor")
    assert account is not None
    assert account.fhir_user is not None
    subject = {"reference": f"Patient/{patient['id']}"}
    order = made(hospital, {"resourceType": "ServiceRequest", "status": "active", "intent": "order",
                            "subject": subject, "code": {"text": "Blood culture"}})  # fmt: skip
    report = made(hospital, {
        "resourceType": "DiagnosticReport", "status": "final", "subject": subject,
        "category": [{"coding": [{"system": LAB, "code": "LAB"}]}],
        "code": {"text": "Blood culture"}, "conclusion": "E. coli",
        "basedOn": [{"reference": f"ServiceRequest/{order['id']}"}],
        "resultsInterpreter": [{"reference": account.fhir_user}],
    })  # fmt: skip
    doctor = client_as("doctor")

    def becomes(status: str) -> None:
        wait_until(
            lambda: doctor.send("GET", f"ServiceRequest/{order['id']}").json["status"] == status,
            60,
            f"the order is {status}",
        )

    becomes("completed")
    page = open_app("chart", "doctor", f"patients/{patient['id']}/results/reports/{report['id']}")
    page.get_by_role("button", name="Entered in error").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why is it an error?").fill("Tubes were mixed up")
    dialog.get_by_role("button", name="Mark as entered in error").click()
    expect(page.get_by_text("Tubes were mixed up")).to_be_visible()
    expect(page.locator("#content del")).to_contain_text("E. coli")
    becomes("active")

    page.goto(page.url.rpartition("/results")[0])
    expect(page.get_by_role("listitem").filter(has_text="Entered in error:")).to_contain_text(
        "Blood culture"
    )
