"""A system that sends HL7 v2 messages by MLLP to the server of the browser tests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from conformance.faults.server import Server, wait_until
from fhirserver import ids
from fhirserver.embedded.roles import listens
from tests.hl7v2_gateway.v2 import a_message, a_sender, member
from tests.peers.mllp_client import MllpClient

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Feed:
    """A system that sends messages by MLLP: its Endpoint, and how it calls itself in MSH-3."""

    hospital: Server
    endpoint: str
    application: str

    def send(
        self,
        event: str = "ADT^A01",
        *,
        patient: str = "",
        more: str = "",
        swap: tuple[str, str] = ("", ""),
    ) -> str:
        """Send a message; returns MSA-1 of what is answered. `swap`: a text, and one in its place."""
        raw = a_message(
            event, application=self.application, patient=patient or ids.new(), more=more
        )
        old, new = (text.encode() for text in swap)
        with MllpClient(self.hospital.mllp_port) as peer:
            return str(peer.send(raw.replace(old, new) if old else raw).value("MSA-1"))


def feed_to(hospital: Server, overlay: str = "") -> Feed:
    """A system that may send to a server; `overlay` is the name of one over the mapping tables."""
    wait_until(listens("127.0.0.1", hospital.mllp_port), PATIENCE_SECONDS, "the listener is there")
    application = f"HIS{ids.new()[-8:]}"
    members = [member("application", application)]
    if overlay:
        members.append(member("overlay", overlay))
    sender = {**a_sender("x", *members), "name": application}
    del sender["id"]
    with hospital.client() as client:
        made = client.send("POST", "Endpoint", sender)
    assert made.status == 201, made.says
    return Feed(hospital, str(made.json["id"]), application)


def opened(page: Page, feed: Feed) -> Locator:
    """The newest message of a feed, opened from the list: its main region."""
    page.goto(re.sub(r"/apps/integration/.*", "/apps/integration/messages", page.url))
    page.get_by_label("Sender", exact=True).select_option(feed.application)
    row = page.get_by_role("row").filter(has_text=feed.application)
    row.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1, name=re.compile(r"^Message \d+"))).to_be_visible()
    return page.locator("#content")
