"""The integration console: lanes, a message beside its FHIR, what is wrong and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Client
from conformance.faults.server import Server
from fhirserver import ids
from tests.apps.hl7v2_feed import Feed, feed_to, opened

pytestmark = pytest.mark.slow

PATIENCE_MS = 60_000
OpenApp = Callable[..., Page]
CheckAccessible = Callable[[Page], None]


@pytest.fixture
def a_feed(hospital: Server) -> Callable[..., Feed]:
    """A system that may send; `a_feed(overlay="his-west")` names an overlay."""
    return partial(feed_to, hospital)


def test_who_looks_after_interfaces_finds_the_app_and_nobody_else(open_app: OpenApp):
    tiles = open_app("home", "integrator").get_by_role("navigation", name="Your apps")
    expect(tiles.get_by_role("link", name=re.compile("Interfaces"))).to_be_visible()

    page = open_app("home", "doctor")
    apps = page.get_by_role("navigation", name="Your apps")
    expect(apps.get_by_role("link").first).to_be_visible()
    expect(apps.get_by_role("link", name=re.compile("Interfaces"))).to_have_count(0)
    page.goto(re.sub(r"/apps/home/.*", "/apps/integration/", page.url))
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)


def test_a_message_stands_beside_the_fhir_that_it_made(
    open_app: OpenApp, a_feed: Callable[..., Feed], check_accessible: CheckAccessible
):
    feed = a_feed()
    assert feed.send(more="ZXX|1|left\r") == "AA"
    page = open_app("integration", "integrator", "messages")

    content = opened(page, feed)

    expect(content.get_by_text("Done", exact=True)).to_be_visible()
    name = content.get_by_role("region", name="PID Patient identification").get_by_role(
        "row", name=re.compile("^PID-5 Patient name")
    )
    expect(name).to_contain_text("Doe^Jane")
    expect(content.get_by_role("region", name=re.compile("^ZXX"))).to_contain_text("Goes nowhere")
    name.get_by_role("button", name="Patient.name").first.click()
    made = content.get_by_role("region", name="Patient/")
    expect(made.locator("[data-line][data-chosen]").filter(has_text="Doe").first).to_be_visible()
    check_accessible(page)


def test_messages_are_narrowed_down(open_app: OpenApp, a_feed: Callable[..., Feed]):
    feed, patient = a_feed(), ids.new()
    for event in ("ADT^A01", "ADT^A08"):
        assert feed.send(event, patient=patient) == "AA"
    assert feed.send("ADT^A08") == "AA"
    page = open_app("integration", "integrator", "messages")
    rows = page.get_by_role("row").filter(has_text=feed.application)

    page.get_by_label("Sender", exact=True).select_option(feed.application)
    expect(rows).to_have_count(3)
    page.get_by_label("Type").fill("adt^a08")
    page.get_by_role("button", name="Find").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Text in the message").fill(patient)
    page.get_by_role("button", name="Find").click()
    expect(rows).to_have_count(1)
    page.get_by_label("To", exact=True).fill("2020-01-01")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("No message fits")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(rows).not_to_have_count(0)


def test_a_refused_message_says_where_it_is_wrong_and_an_edited_copy_goes_on(
    open_app: OpenApp, a_feed: Callable[..., Feed], check_accessible: CheckAccessible
):
    feed = a_feed()
    assert feed.send("ADT^A77") == "AR"
    page = open_app("integration", "integrator", "messages")

    content = opened(page, feed)

    trouble = content.get_by_role("alert").filter(has_text="This message was refused")
    expect(trouble).to_contain_text("An event that isn't converted here (MSH-9.2)")
    broken = content.get_by_role("row", name=re.compile("^MSH-9 Message type"))
    expect(broken).to_contain_text("The error is here")
    check_accessible(page)

    content.get_by_role("button", name="Edit a copy…").click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_label("Text of the message")
    text.fill(text.input_value().replace("A77", "A01"))
    dialog.get_by_role("button", name="Convert the copy").click()

    expect(page.get_by_text("An edited copy of message")).to_be_visible()
    expect(page.locator("#content").get_by_text("Done", exact=True)).to_be_visible()


def test_a_held_up_lane_says_why_and_goes_on_when_that_is_mended(
    hospital: Server,
    open_app: OpenApp,
    client_as: Callable[[str], Client],
    a_feed: Callable[..., Feed],
    check_accessible: CheckAccessible,
):
    overlay = f"his-{ids.new()[-8:].lower()}"
    feed, patient = a_feed(overlay), ids.new()
    assert [feed.send(patient=patient) for _ in range(2)] == ["AA", "AA"]
    page = open_app("integration", "integrator")

    sender = (
        page.get_by_role("region", name="Senders")
        .get_by_role("row")
        .filter(has_text=feed.application)
    )
    expect(sender).to_contain_text("Held up")
    expect(sender).to_contain_text("1 patient")
    expect(sender).to_contain_text("2 in the last hour")
    lane = (
        page.get_by_role("region", name="Patients whose messages wait")
        .get_by_role("row")
        .filter(has_text=feed.application)
    )
    expect(lane).to_contain_text(f"there is no overlay {overlay}")
    check_accessible(page)
    lane.get_by_role("link").click()
    trouble = page.get_by_role("alert").filter(has_text="This message is held up")
    expect(trouble).to_contain_text(f"there is no overlay {overlay}")

    entered = client_as("integrator").send(
        "PUT",
        f"http://127.0.0.1:{hospital.port}/hl7v2/overlays/{overlay}",
        {"about": "Sexes of this system", "codes": {}},
        Content_Type="application/json",
    )
    assert entered.status == 200, entered.says

    expect(page.locator("#content").get_by_text("Done", exact=True)).to_be_visible(
        timeout=2 * PATIENCE_MS
    )
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_failed_message_is_discarded_with_a_reason(
    hospital: Server, open_app: OpenApp, a_feed: Callable[..., Feed]
):
    feed = a_feed(overlay=f"his-{ids.new()[-8:].lower()}")
    assert feed.send() == "AA"
    with hospital.client() as client:
        endpoint = client.send("GET", f"Endpoint/{feed.endpoint}").json
        off = client.send("PUT", f"Endpoint/{feed.endpoint}", {**endpoint, "status": "off"})
        assert off.status == 200, off.says
    page = open_app("integration", "admin", "messages?state=dead")
    row = page.get_by_role("row").filter(has_text=feed.application)
    for _ in range(8):  # the list is read again every quarter of a minute
        if row.count() > 0:
            break
        page.wait_for_timeout(15_000)
    row.get_by_role("link").click()
    trouble = page.get_by_role("alert").filter(has_text="This message failed")
    expect(trouble).to_contain_text("its sender isn't entered any more")

    page.get_by_role("button", name="Discard…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Discard", exact=True).click()
    expect(dialog.get_by_text("Needed")).to_be_visible()
    dialog.get_by_label("Why").fill("The system was shut down")
    dialog.get_by_role("button", name="Discard", exact=True).click()

    expect(page.locator("#content").get_by_text("Discarded", exact=True)).to_be_visible()
    trouble = page.get_by_role("alert").filter(has_text="This message was discarded")
    expect(trouble).to_contain_text("The system was shut down")


def test_the_console_speaks_german(open_app: OpenApp, check_accessible: CheckAccessible):
    page = open_app("integration", "integrator", "messages")
    expect(page.get_by_role("heading", level=1, name="Messages received")).to_be_visible()
    check_accessible(page)

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Deutsch").click()

    expect(page.get_by_role("heading", level=1, name="Empfangene Nachrichten")).to_be_visible()
