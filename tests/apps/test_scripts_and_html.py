"""Names of every script, from right to left, and HTML in every field: shown as they were written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Resource
from conformance.faults.server import Server
from tests.apps.people import a_name, a_patient, cared_for

pytestmark = pytest.mark.slow

OpenApp = Callable[..., Page]
Check = Callable[[Page], None]


def test_any_script_and_direction_is_shown_and_html_is_text(
    open_app: OpenApp, hospital: Server, check_accessible: Check
):
    html = '<img src=x onerror="alert(1)"><b>李</b>'
    tag = a_name()
    patient = a_patient(
        hospital,
        name=[
            {"use": "official", "family": "عبد الله", "given": ["محمد", tag]},
            {"use": "usual", "family": "李", "given": ["小龍"]},
            {"use": "nickname", "given": ["नागार्जुन"]},
            {"use": "old", "family": html, "given": [html], "prefix": [html], "suffix": [html]},
        ],
        address=[{"line": [html], "city": html, "country": html}],
        telecom=[{"system": "phone", "value": html}],
        contact=[{"name": {"family": html, "given": ["שרה"]}, "relationship": [{"text": html}]}],
        identifier=[{"system": "urn:x", "value": html, "assigner": {"display": html}}],
        maritalStatus={"text": html},
        generalPractitioner=[{"display": html}],
    )
    subject = {"reference": f"Patient/{patient['id']}"}
    cared_for(hospital, patient, "doctor", reasonCode=[{"text": html}])
    with hospital.client() as client:
        for resource in _records(subject, html):
            answer = client.send("POST", resource["resourceType"], resource)
            assert answer.status == 201, (resource["resourceType"], answer.says)
    page = open_app("chart", "doctor", f"patients/{patient['id']}/details")
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))

    name = page.get_by_role("heading", level=1)
    expect(name).to_contain_text("عبد الله, محمد")
    expect(name).to_contain_text("नागार्जुन")
    expect(page.get_by_role("region", name="Names")).to_contain_text("李, 小龍")
    expect(page.get_by_role("region", name="Contact persons")).to_contain_text("שרה")
    arabic = page.get_by_role("region", name="Names").locator("bdi").first
    # Drawn from right to left: what comes first is on the right.
    assert arabic.evaluate(_IS_RIGHT_TO_LEFT)
    check_accessible(page)
    base = page.url.removesuffix("/details")
    places = ["", "timeline", "problems", "allergies", "procedures", "immunizations", "medications"]
    for at in [*places, "notes", "encounters", "plan", "details", "details/edit"]:
        page.goto(f"{base}/{at}")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        shown = page.locator("#content")
        if at == "details/edit":
            value = page.get_by_role("group", name="Name 4").get_by_label("Family name")
            expect(value).to_have_value(html)
            first = page.get_by_role("group", name="Name 1").get_by_label("Family name")
            assert first.evaluate("field => getComputedStyle(field).unicodeBidi") == "plaintext"
        else:
            expect(shown).to_contain_text(html)
        assert page.locator("#root b, #root img[src='x']").count() == 0, at
    assert said == []


_IS_RIGHT_TO_LEFT = """element => {
  const range = document.createRange();
  const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
  const at = (n) => {
    range.setStart(text, n);
    range.setEnd(text, n + 1);
    return range.getBoundingClientRect().left;
  };
  const [family, given] = [text.data.indexOf("ع"), text.data.indexOf("م")];
  return at(family) > at(given);
}"""


def _records(subject: Resource, text: str) -> list[Resource]:
    """A record with the text wherever somebody writes freely."""
    return [
        {
            "resourceType": "Condition",
            "subject": subject,
            "code": {"text": text},
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                        "code": "active",
                    }
                ]
            },
        },
        {
            "resourceType": "AllergyIntolerance",
            "patient": subject,
            "code": {"text": text},
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                        "code": "active",
                    }
                ]
            },
        },
        {
            "resourceType": "Procedure",
            "status": "completed",
            "subject": subject,
            "code": {"text": text},
            "performedDateTime": "2026-11-02",
            "note": [{"text": text}],
        },
        {
            "resourceType": "Immunization",
            "status": "completed",
            "patient": subject,
            "vaccineCode": {"text": text},
            "occurrenceDateTime": "2026-11-01",
            "lotNumber": text,
        },
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": subject,
            "medicationCodeableConcept": {"text": text},
            "authoredOn": "2026-11-02",
            "dosageInstruction": [{"text": text}],
        },
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": subject,
            "date": "2026-11-02T08:00:00Z",
            "type": {"text": text},
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
                            "code": "clinical-note",
                        }
                    ]
                }
            ],
            "content": [{"attachment": {"contentType": "text/plain", "data": "PGI+aGk8L2I+"}}],
        },
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "subject": subject,
            "description": {"text": text},
        },
    ]
