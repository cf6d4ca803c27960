"""Messages: a result attached by reference, to a colleague who may see it and to one who may not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.server import Server
from fhirserver import ids
from tests.apps.people import a_patient, cared_for, made, who_is

pytestmark = pytest.mark.slow

SOON_MS = 60_000


@dataclass(frozen=True)
class Case:
    """A patient of a doctor and a nurse, with a result; a radiologist has no part in it."""

    patient: dict[str, Any]
    result: dict[str, Any]
    names: dict[str, str]
    topic: str


@pytest.fixture
def case(hospital: Server) -> Case:
    patient = a_patient(hospital, name=[{"family": "Mbeki", "given": ["Thandi"]}])
    for user in ("doctor", "nurse"):
        cared_for(hospital, patient, user)
    result = made(
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
            "code": {"text": "Ferritin"},
            "subject": {"reference": f"Patient/{patient['id']}"},
            "effectiveDateTime": "2026-03-01T06:00:00Z",
            "valueQuantity": {"value": 412, "unit": "ug/L"},
        },
    )
    names = {user: who_is(hospital, user)[1] for user in ("doctor", "nurse", "radiologist")}
    return Case(patient, result, names, f"Iron {ids.new()}")


def choose(page: Page, name: str) -> None:
    box = page.get_by_role("combobox", name=re.compile("^To"))
    box.fill(name.rsplit(maxsplit=1)[-1])
    page.get_by_role("option", name=name, exact=True).click()


def opened(page: Page, topic: str) -> None:
    page.get_by_role("listitem").filter(has_text=topic).get_by_role("link").click(timeout=SOON_MS)
    expect(page.get_by_role("heading", name=topic)).to_be_visible(timeout=SOON_MS)


def test_an_attached_result_is_seen_by_who_may_see_it_and_each_reader_is_told(
    open_app, case, check_accessible
):
    at = f"new?patient={case.patient['id']}&attach=Observation/{case.result['id']}"
    doctor = open_app("messages", "doctor", at)
    expect(doctor.get_by_text("MBEKI, Thandi")).to_be_visible(timeout=SOON_MS)
    expect(doctor.get_by_text("412\u00a0ug/L")).to_be_visible(timeout=SOON_MS)
    doctor.get_by_role("button", name="Send").click()
    expect(doctor.get_by_text("Choose somebody")).to_be_visible()
    check_accessible(doctor)
    choose(doctor, case.names["nurse"])
    choose(doctor, case.names["radiologist"])
    doctor.get_by_label("Topic").fill(case.topic)
    doctor.get_by_label("Message", exact=True).fill("What do you make of <b>this</b>?")
    doctor.get_by_label("Urgent").check()
    doctor.get_by_role("button", name="Send").click()
    conversation = doctor.get_by_role("region", name="Conversation", exact=True)
    expect(conversation.get_by_text("What do you make of <b>this</b>?")).to_be_visible(
        timeout=SOON_MS
    )
    expect(conversation.get_by_text("Sent", exact=True)).to_be_visible()
    check_accessible(doctor)

    nurse = open_app("messages", "nurse", phone=True)
    expect(nurse.get_by_role("listitem").filter(has_text=case.topic)).to_contain_text(
        "1 unread", timeout=SOON_MS
    )
    check_accessible(nurse)
    opened(nurse, case.topic)
    expect(nurse.get_by_text("412\u00a0ug/L")).to_be_visible(timeout=SOON_MS)
    expect(conversation.get_by_text("Read by 1 of 2")).to_be_visible(timeout=SOON_MS)

    radiologist = open_app("messages", "radiologist")
    opened(radiologist, case.topic)
    shown = radiologist.get_by_role("region", name="Conversation", exact=True)
    expect(shown.get_by_text("You have no access to this attachment (Result)")).to_be_visible(
        timeout=SOON_MS
    )
    expect(shown.get_by_text("A patient whom you may not see")).to_be_visible()
    expect(radiologist.get_by_text("MBEKI")).to_have_count(0)
    shown.get_by_label("Your message").fill("I can't open it")
    shown.get_by_role("button", name="Send").click()

    expect(conversation.get_by_text("I can't open it")).to_be_visible(timeout=SOON_MS)
    expect(conversation.get_by_text("Read by 2 of 2")).to_be_visible(timeout=SOON_MS)


def test_what_was_typed_is_there_again_after_the_page_was_left(open_app, case):
    page = open_app("messages", "doctor", f"new?patient={case.patient['id']}")
    page.get_by_label("Topic").fill(case.topic)
    expect(page.get_by_text(re.compile("^Draft kept"))).to_be_visible(timeout=SOON_MS)

    page.reload()

    expect(page.get_by_label("Topic")).to_have_value(case.topic, timeout=SOON_MS)
