"""The integration console: converting again with what would change, and what codes mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.server import Server, wait_until
from fhirserver import ids
from tests.apps.hl7v2_feed import PATIENCE_SECONDS, Feed, feed_to, opened

pytestmark = pytest.mark.slow

OpenApp = Callable[..., Page]
CheckAccessible = Callable[[Page], None]


@pytest.fixture
def a_feed(hospital: Server) -> Callable[..., Feed]:
    return partial(feed_to, hospital)


def patient_of(hospital: Server, mrn: str) -> dict[str, Any]:
    """The Patient with a record number; nothing while there is none."""
    with hospital.client() as client:
        found = client.send("GET", f"Patient?identifier={mrn}").json.get("entry", [])
    return dict(found[0]["resource"]) if found else {}


def test_what_a_replay_would_change_is_told_before_it_does(
    hospital: Server,
    open_app: OpenApp,
    a_feed: Callable[..., Feed],
    check_accessible: CheckAccessible,
):
    feed, mrn = a_feed(), ids.new()
    assert feed.send(patient=mrn) == "AA"
    wait_until(lambda: patient_of(hospital, mrn), PATIENCE_SECONDS, "the patient is there")
    patient = patient_of(hospital, mrn)
    assert patient["gender"] == "female"
    with hospital.client() as client:
        client.send("PUT", f"Patient/{patient['id']}", {**patient, "gender": "male"})
    page = open_app("integration", "integrator", "messages")
    content = opened(page, feed)

    content.get_by_role("button", name="Convert again…").click()
    dialog = page.get_by_role("dialog")
    would = dialog.get_by_role("region", name="What would change")
    expect(would).to_contain_text(f"Changes Patient/{patient['id']}: Patient.gender")
    # Whose record it is, an integrator may not see: where, not what.
    expect(would).to_contain_text("you see where, not what")
    expect(would).not_to_contain_text("female")
    check_accessible(page)
    assert patient_of(hospital, mrn)["gender"] == "male"
    dialog.get_by_label("This one alone").check()
    dialog.get_by_role("button", name="Convert again").click()

    expect(page.get_by_text("1 message is converted again")).to_be_visible()
    expect(dialog).to_have_count(0)
    wait_until(
        lambda: patient_of(hospital, mrn)["gender"] == "female", PATIENCE_SECONDS, "it is undone"
    )


def test_a_replay_alone_warns_of_what_came_later(open_app: OpenApp, a_feed: Callable[..., Feed]):
    feed, mrn = a_feed(), ids.new()
    assert feed.send(patient=mrn) == "AA"
    assert feed.send("ADT^A08", patient=mrn, swap=("Doe^Jane", "Roe^Jane")) == "AA"
    page = open_app("integration", "integrator", "messages")
    page.get_by_label("Sender", exact=True).select_option(feed.application)
    row = page.get_by_role("row").filter(has_text="ADT^A01")
    expect(row.get_by_text("Done")).to_be_visible()
    row.get_by_role("link").click()

    page.get_by_role("button", name="Convert again…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("This one alone").check()

    expect(
        dialog.get_by_text("1 later message about this patient would be overwritten")
    ).to_be_visible()


def test_a_code_gets_its_meaning_and_its_messages_go_on(
    hospital: Server,
    open_app: OpenApp,
    a_feed: Callable[..., Feed],
    check_accessible: CheckAccessible,
):
    feed, mrn = a_feed(), ids.new()
    assert feed.send(patient=mrn, swap=("|19700101|F", "|19700101|Q")) == "AA"
    wait_until(lambda: patient_of(hospital, mrn), PATIENCE_SECONDS, "the patient is there")
    page = open_app("integration", "integrator", "codes")
    row = page.get_by_role("row").filter(has_text=feed.application)
    expect(row).to_contain_text("PID-8")
    expect(row).to_contain_text("in 1 message")
    check_accessible(page)

    row.get_by_role("button", name="Say what Q means…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="That is what it means").click()
    expect(dialog.get_by_text("Choose one of the codes")).to_be_visible()
    dialog.get_by_label("other").check()
    check_accessible(page)
    dialog.get_by_role("button", name="That is what it means").click()

    expect(row).to_have_count(0)
    wait_until(
        lambda: patient_of(hospital, mrn).get("gender") == "other",
        PATIENCE_SECONDS,
        "the message is converted again",
    )
    page.get_by_label("State").select_option("answered")
    expect(row.get_by_role("button", name="Correct what Q means…")).to_be_visible()


def test_a_meaning_is_found_in_the_terminology(
    hospital: Server,
    open_app: OpenApp,
    a_feed: Callable[..., Feed],
    check_accessible: CheckAccessible,
):
    feed, mrn = a_feed(), ids.new()
    assert feed.send(patient=mrn, more="NK1|1|Doe^Bob|NEXTDOOR^Lives next door\r") == "AA"
    page = open_app("integration", "integrator", "codes")
    row = page.get_by_role("row").filter(has_text=feed.application)
    expect(row).to_contain_text("Lives next door")

    row.get_by_role("button", name="Say what NEXTDOOR means…").click()
    dialog = page.get_by_role("dialog")
    system = dialog.get_by_role("combobox", name="Code system")
    system.fill("v3-RoleCode")
    page.get_by_role("option", name=re.compile("v3-RoleCode$")).click()
    dialog.get_by_label("Search by name").fill("neighb")
    dialog.get_by_label(re.compile(r"^neighbor \(NBOR\)")).check()
    expect(dialog.get_by_role("textbox", name="Code", exact=True)).to_have_value("NBOR")
    check_accessible(page)
    dialog.get_by_role("button", name="That is what it means").click()

    expect(row).to_have_count(0)
    patient = patient_of(hospital, mrn)["id"]

    def relation() -> str:
        with hospital.client() as client:
            found = client.send("GET", f"RelatedPerson?patient=Patient/{patient}").json
        return str([e["resource"].get("relationship") for e in found.get("entry", [])])

    wait_until(lambda: "NBOR" in relation(), PATIENCE_SECONDS, "the message is converted again")


def test_a_question_that_has_no_answer_is_closed(open_app: OpenApp, a_feed: Callable[..., Feed]):
    feed = a_feed()
    assert feed.send(swap=("|19700101|F", "|19700101|W")) == "AA"
    page = open_app("integration", "integrator", "codes")
    row = page.get_by_role("row").filter(has_text=feed.application)

    row.get_by_role("button", name="Say what W means…").click()
    page.get_by_role("dialog").get_by_role("button", name="It has no meaning…").click()
    expect(page.get_by_role("dialog")).to_contain_text("can't be taken back here")
    page.get_by_role("dialog").get_by_role("button", name="It has no meaning", exact=True).click()

    expect(row).to_have_count(0)
    page.get_by_label("State").select_option("closed")
    expect(row).to_contain_text("Closed without an answer")
