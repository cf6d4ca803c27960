"""The timeline: everything of a patient by time, few requests, and each line leads to its page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Resource
from conformance.faults.server import Server
from fhirserver import clock
from tests.apps.people import a_patient, cared_for, made

pytestmark = pytest.mark.slow

FHIR = re.compile(r"/fhir(/|\?|$)")
PROCEDURES = 70
OpenApp = Callable[..., Page]


@pytest.fixture
def patient(hospital: Server) -> Resource:
    """Somebody with a procedure on each of seventy days, and one of most other kinds between."""
    found = a_patient(hospital)
    subject = {"reference": f"Patient/{found['id']}"}
    cared_for(hospital, found, "doctor", period={"start": "2026-05-01T08:00:00Z"})
    start = clock.now().replace(year=2026, month=1, day=1, hour=12)
    with hospital.client() as client:
        entries = [
            {
                "resource": {
                    "resourceType": "Procedure",
                    "status": "completed",
                    "subject": subject,
                    "code": {"text": f"Dressing {n:02}"},
                    "performedDateTime": f"{start + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}",
                },
                "request": {"method": "POST", "url": "Procedure"},
            }
            for n in range(PROCEDURES)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        assert client.send("POST", "", bundle).status == 200
    _results(hospital, subject)
    order = made(
        hospital,
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": subject,
            "medicationCodeableConcept": {"text": "Metoprolol"},
            "authoredOn": "2026-02-03T10:00:00Z",
        },
    )
    with hospital.client() as client:
        stopped = {**order, "status": "stopped", "statusReason": {"text": "Slow pulse"}}
        assert client.send("PUT", f"MedicationRequest/{order['id']}", stopped).status == 200
    made(
        hospital,
        {
            "resourceType": "Procedure",
            "status": "completed",
            "subject": subject,
            "code": {"text": "Tonsillectomy"},
        },
    )
    return found


def _results(hospital: Server, subject: Resource) -> None:
    results = [
        made(
            hospital,
            {
                "resourceType": "Observation",
                "status": "final",
                "category": [
                    {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                "code": "laboratory",
                            }
                        ]
                    }
                ],
                "code": {"text": name},
                "subject": subject,
                "effectiveDateTime": "2026-02-02T09:00:00Z",
                "valueQuantity": {"value": value, "unit": "mmol/L"},
                "interpretation": [
                    {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                                "code": letter,
                            }
                        ]
                    }
                ],
            },
        )
        for name, value, letter in (("Sodium", 140, "N"), ("Potassium", 6.8, "HH"))
    ]
    made(
        hospital,
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "code": {"text": "Electrolytes"},
            "subject": subject,
            "effectiveDateTime": "2026-02-02T09:00:00Z",
            "result": [{"reference": f"Observation/{one['id']}"} for one in results],
        },
    )


def narrow(page: Page, kind: str) -> None:
    page.get_by_role("group", name="Show only").get_by_text(kind, exact=True).click()


def texts(page: Page) -> list[str]:
    return page.locator("#content ol > li").all_inner_texts()


def test_everything_is_there_by_time_with_few_requests(
    open_app: OpenApp, patient: Resource, check_accessible: Callable[[Page], None]
):
    page = open_app("chart", "doctor")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page.url.rstrip("/") + f"/patients/{patient['id']}/timeline")
    newest = page.get_by_role("listitem").filter(has_text="Stopped Metoprolol")
    expect(newest).to_contain_text("Slow pulse")
    # The banner's, and the timeline's.
    assert len([url for url in asked if FHIR.search(url)]) <= 6
    first = len(texts(page))
    assert first < PROCEDURES

    older = page.get_by_text("This is the beginning of the record.")
    while not older.is_visible():
        page.mouse.wheel(0, 4_000)
        page.wait_for_timeout(100)

    found = texts(page)
    dressings = [m[0] for text in found if (m := re.search(r"Dressing \d\d", text))]
    assert dressings == [f"Dressing {n:02}" for n in reversed(range(PROCEDURES))]
    assert "Tonsillectomy" in found[-1]
    report = page.get_by_role("listitem").filter(has_text="Electrolytes")
    expect(report).to_contain_text(re.compile("Potassium.*6.8.*HH", re.DOTALL))
    expect(report).to_contain_text("and one more in range")
    assert len([url for url in asked if FHIR.search(url)]) <= 12
    check_accessible(page)


def test_a_line_leads_to_its_page(open_app: OpenApp, patient: Resource):
    page = open_app("chart", "doctor", f"patients/{patient['id']}/timeline")

    page.get_by_role("listitem").filter(has_text="Stopped").get_by_role("link").click()
    row = page.get_by_role("row").filter(has_text="Metoprolol")
    expect(row).to_have_attribute("aria-current", "true")
    page.go_back()
    narrow(page, "Results")
    page.get_by_role("link", name="Electrolytes").click()
    expect(page.get_by_role("heading", name="Electrolytes")).to_be_visible()


def test_it_is_narrowed_to_kinds_and_the_address_keeps_them(open_app: OpenApp, patient: Resource):
    page = open_app("chart", "doctor", f"patients/{patient['id']}/timeline")
    expect(page.get_by_role("listitem").filter(has_text="Dressing").first).to_be_visible()

    narrow(page, "Medication")
    narrow(page, "Encounters")
    expect(page.locator("#content ol > li")).to_have_count(3)
    expect(page.locator("#content").get_by_text("Dressing")).to_have_count(0)
    page.reload()

    expect(page.get_by_role("checkbox", name="Medication")).to_be_checked()
    expect(page.get_by_text("This is the beginning of the record.")).to_be_visible()
    assert len(texts(page)) == 3


def test_a_round_of_vital_signs_is_one_line(hospital: Server, open_app: OpenApp, patient: Resource):
    subject = {"reference": f"Patient/{patient['id']}"}
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    for name, value in (("Pulse", 71), ("Temperature", 37.2)):
        sign = {
            "resourceType": "Observation",
            "status": "final",
            "category": [{"coding": [{"system": system, "code": "vital-signs"}]}],
            "code": {"text": name},
            "subject": subject,
            "effectiveDateTime": "2026-04-01T06:00:00Z",
            "valueQuantity": {"value": value, "unit": "1"},
        }
        made(hospital, sign)
    page = open_app("chart", "doctor", f"patients/{patient['id']}/timeline")

    narrow(page, "Vital signs")
    line = page.locator("#content ol > li")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("Pulse 71")
    expect(line).to_contain_text("Temperature 37.2")


def test_what_could_not_be_read_is_told(open_app: OpenApp, patient: Resource):
    page = open_app("chart", "reception", f"patients/{patient['id']}/timeline")

    expect(page.get_by_text(re.compile("Not everything could be read.*Results"))).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="ambulatory")).to_be_visible()
