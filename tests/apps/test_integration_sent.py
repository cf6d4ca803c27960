"""The integration console: messages that go out, when their receiver refuses and takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from conformance.faults.server import Server
from fhirserver import ids
from tests.hl7v2_gateway.v2 import a_sender, member
from tests.peers.hl7_receiver import Receiver, accepting, ack, hl7_receiver

pytestmark = pytest.mark.slow

OURS = "https://fhirserver.example/StructureDefinition/"
OpenApp = Callable[..., Page]


@dataclass(frozen=True)
class Ward:
    """A system that messages are sent to, and an appointment of which it is told."""

    name: str
    peer: Receiver
    family: str


@pytest.fixture
def ward(hospital: Server) -> Iterator[Ward]:
    """It rejects what it is sent, and its queue stops then."""
    name = f"LIS{ids.new()[-8:]}"
    with hl7_receiver() as peer, hospital.client() as client:
        peer.answer = lambda control: [ack("AR", control, "ERR|||102^Data type error^HL70357|E")]
        receiver = {
            **a_sender("x"),
            "name": name,
            "address": f"mllp://127.0.0.1:{peer.port}",
            "extension": [
                {
                    "url": f"{OURS}hl7v2-receiver",
                    "extension": [
                        member("application", "LIS"),
                        member("event", "ADT^A28"),
                        member("after-rejection", "stop", "Code"),
                    ],
                }
            ],
        }
        del receiver["id"]
        made = client.send("POST", "Endpoint", receiver)
        assert made.status == 201, made.says
        family = f"Sent{ids.new()[-8:]}"
        patient = {"resourceType": "Patient", "name": [{"family": family}]}
        assert client.send("POST", "Patient", patient).status == 201
        yield Ward(name, peer, family)
    with hospital.client() as client:
        off = {**made.json, "status": "off"}
        assert client.send("PUT", f"Endpoint/{made.json['id']}", off).status == 200


def standing(page: Page, ward: Ward) -> Locator:
    return (
        page.get_by_role("region", name="Receivers").get_by_role("row").filter(has_text=ward.name)
    )


def test_what_a_receiver_stopped_at_is_sent_again(
    open_app: OpenApp, ward: Ward, check_accessible: Callable[[Page], None]
):
    page = open_app("integration", "integrator", "sent")
    expect(standing(page, ward)).to_contain_text("Stopped: decide")
    check_accessible(page)
    standing(page, ward).get_by_role("button", name=ward.name).click()
    row = (
        page.get_by_role("table", name="Messages sent")
        .get_by_role("row")
        .filter(has_text="ADT^A28")
    )
    expect(row).to_contain_text("Stopped")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1, name=re.compile("ADT\\^A28"))).to_be_visible()
    expect(page.get_by_role("region", name="Text of the message")).to_contain_text(ward.family)
    expect(page.get_by_role("region", name="What the receiver answered")).to_contain_text("MSA|AR|")
    check_accessible(page)

    ward.peer.answer = accepting
    page.get_by_role("button", name="Send again…").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again", exact=True).click()

    expect(page.locator("#content").get_by_text("Accepted", exact=True)).to_be_visible()
    assert len(set(ward.peer.controls)) == 1, "the same message"


def test_what_a_receiver_does_not_need_is_left_out(open_app: OpenApp, ward: Ward):
    page = open_app("integration", "integrator", "sent")
    expect(standing(page, ward)).to_contain_text("Stopped: decide")
    standing(page, ward).get_by_role("button", name=ward.name).click()
    page.get_by_role("table", name="Messages sent").get_by_role("row").filter(
        has_text="ADT^A28"
    ).get_by_role("link").click()

    page.get_by_role("button", name="Leave out…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{ward.name} never gets this message")
    dialog.get_by_role("button", name="Leave out", exact=True).click()

    expect(page.locator("#content").get_by_text("Left out", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Sent").first.click()
    expect(standing(page, ward)).to_contain_text("Well")
