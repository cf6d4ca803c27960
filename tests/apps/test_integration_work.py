"""The integration console: images that differ, subscriptions that failed, jobs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.server import Server, wait_until
from fhirserver import ids, queues
from tests.dicom_gateway.web.instances import an_image, body_of, file_of
from tests.peers.subscriber import Subscriber, subscriber

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 120.0
OpenApp = Callable[..., Page]
CheckAccessible = Callable[[Page], None]


@pytest.fixture
def peer() -> Iterator[Subscriber]:
    with subscriber() as made:
        yield made


def test_of_an_image_that_came_twice_somebody_says_which_is_shown(
    hospital: Server, open_app: OpenApp, check_accessible: CheckAccessible
):
    image = an_image()
    address = f"http://127.0.0.1:{hospital.port}/dicom-web/studies"
    with hospital.client() as client:
        for comment in ("first", "changed meanwhile"):
            image.PatientComments = comment
            body, content_type = body_of([file_of(image)])
            stored = client.send(
                "POST", address, body, Content_Type=content_type, Accept="application/dicom+json"
            )
            assert stored.status == (200 if comment == "first" else 409), stored.says
    page = open_app("integration", "integrator", "images")
    conflicts = page.get_by_role("region", name="Came again with other content")
    row = conflicts.get_by_role("row").filter(has_text=image.SOPInstanceUID)
    expect(row).to_be_visible()
    nobodys = page.get_by_role("region", name="Studies that are nobody's")
    expect(nobodys.get_by_role("row").filter(has_text=image.StudyInstanceUID)).to_be_visible()
    expect(page.locator("#content")).not_to_contain_text("Grete")
    check_accessible(page)

    row.get_by_role("button", name=f"Decide about {image.SOPInstanceUID}…").click()
    dialog = page.get_by_role("dialog")
    check_accessible(page)
    dialog.get_by_label("What came later").check()
    dialog.get_by_role("button", name="Decide", exact=True).click()

    expect(row).to_have_count(0)


def test_a_subscription_that_failed_begins_again(
    hospital: Server, open_app: OpenApp, peer: Subscriber, check_accessible: CheckAccessible
):
    code, reason = ids.new(), f"Results for {ids.new()[-8:]}"
    peer.answer = lambda _: 500
    wanted = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": reason,
        "criteria": f"Observation?code=urn:test|{code}",
        "channel": {"type": "rest-hook", "endpoint": f"{peer.address}/hook"},
    }
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:test", "code": code}]},
    }
    with hospital.client() as client:
        made = client.send("POST", "Subscription", wanted)
        assert made.status == 201, made.says

        def status() -> str:
            return str(client.send("GET", f"Subscription/{made.json['id']}").json["status"])

        wait_until(lambda: status() == "active", PATIENCE_SECONDS, "it is active")
        assert client.send("POST", "Observation", observation).status == 201
        wait_until(lambda: status() == "error", PATIENCE_SECONDS, "it has failed")
    page = open_app("integration", "integrator", "subscriptions")
    row = page.get_by_role("row").filter(has_text=reason)
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("the endpoint answered 500")
    expect(row).to_contain_text("Observation by code")
    check_accessible(page)

    peer.answer = lambda _: 200
    row.get_by_role("button", name=f"Begin again: {reason}…").click()
    page.get_by_role("dialog").get_by_role("button", name="Begin again", exact=True).click()

    expect(row).to_contain_text("Active")
    with hospital.client() as client:
        assert client.send("POST", "Observation", observation).status == 201
        wait_until(lambda: 2 in peer.numbers(), PATIENCE_SECONDS, "it is told again")
        client.send("DELETE", f"Subscription/{made.json['id']}")


def test_jobs_say_how_far_they_are(
    hospital: Server, open_app: OpenApp, check_accessible: CheckAccessible
):
    with hospital.client() as client:
        begun = client.send("POST", "Basic/$reindex")
        assert begun.status == 202, begun.says
        asked = client.send("GET", "$export?_type=Location", Prefer="respond-async")
        assert asked.status == 202, asked.says
        number = begun.headers["content-location"].rpartition("=")[2]
        page = open_app("integration", "integrator", "jobs")

        job = page.get_by_role("region", name="Making the search index anew").get_by_role(
            "row", name=re.compile(f"^Job {number} ")
        )
        expect(job).to_contain_text("Basic")
        expect(job).to_contain_text("Done")
        export = page.get_by_role("region", name="Bulk exports and imports").get_by_role(
            "row", name=re.compile("^Export")
        )
        expect(export.first).to_contain_text("Done")
        check_accessible(page)
        client.send("DELETE", asked.headers["content-location"])


def test_what_a_queue_has_given_up_is_tried_again(
    hospital: Server, open_app: OpenApp, check_accessible: CheckAccessible
):
    topic = f"tests-{ids.new()[-8:]}"

    def fail(item: queues.Item) -> None:
        raise queues.GiveUp(f"nobody answers {item.content['n']}")

    with hospital.database() as database:
        queues.add(database, topic, [queues.New("lane", {"n": n}) for n in (1, 2, 3)])
        queues.work(database, topic, fail, seconds=5)
        page = open_app("integration", "integrator", "jobs")
        page.get_by_role("button", name=f"Look at what was given up of {topic}…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("row").filter(has_text="nobody answers 2")).to_be_visible()
        check_accessible(page)

        row = dialog.get_by_role("row").filter(has_text="nobody answers 1")
        row.get_by_role("button").click()
        expect(row).to_have_count(0)
        assert len(queues.dead(database, topic=topic)) == 2
        dialog.get_by_role("button", name="Try all again").click()

        expect(dialog).to_have_count(0)
        assert queues.dead(database, topic=topic) == []
        database.write("DELETE FROM queue.item WHERE topic = %s", (topic,))


def test_a_system_is_entered_changed_and_switched_off(
    hospital: Server, open_app: OpenApp, check_accessible: CheckAccessible
):
    name = f"Laboratory {ids.new()[-8:]}"
    page = open_app("integration", "integrator", "partners")
    page.get_by_role("button", name="Enter a sender").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Needed").first).to_be_visible()
    check_accessible(page)
    dialog.get_by_label("What people call it").fill(name)
    dialog.get_by_role("textbox", name="Address", exact=True).fill("mllp://127.0.0.1:2575")
    dialog.get_by_label("Application").fill("LAB")
    for label, said in (
        ("Comes from", "10.1.0.0/16"),
        ("Whose numbers", "WEST https://west.example/mrn"),
    ):
        field = dialog.get_by_label(label).first
        field.fill(said)
        field.press("Enter")
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("sends HL7 v2")
    check_accessible(page)

    def entered() -> dict[str, Any]:
        with hospital.client() as client:
            found = client.send("GET", f"Endpoint?name={quote(name)}").json
        [entry] = found["entry"]
        resource: dict[str, Any] = entry["resource"]
        return resource

    assert entered()["extension"] == [
        {
            "url": "https://fhirserver.example/StructureDefinition/hl7v2-sender",
            "extension": [
                {"url": "application", "valueString": "LAB"},
                {"url": "address", "valueString": "10.1.0.0/16"},
                {
                    "url": "authority",
                    "extension": [
                        {"url": "name", "valueString": "WEST"},
                        {"url": "system", "valueUri": "https://west.example/mrn"},
                    ],
                },
            ],
        }
    ]
    row.get_by_role("button", name=f"Change: {name}, which sends HL7 v2…").click()
    dialog.get_by_label("It counts").uncheck(force=True)
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Off")
    assert entered()["status"] == "off"
