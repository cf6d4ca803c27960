"""Notifications by email: to a mail server on loopback that keeps what it takes."""

from __future__ import annotations

import pytest

from fhirserver import ids, queues
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.storage.change_feed import begin
from fhirserver.subscriptions.choosing import chosen
from fhirserver.subscriptions.delivery import Delivery
from tests.builders import a_patient
from tests.peers.mail_server import mail_server


@pytest.fixture
def box():
    with mail_server() as made:
        yield made


@pytest.fixture
def mailing(make_app, client_of, database, box, monkeypatch):
    """A client of a server with a mail server, and turns of its workers."""
    monkeypatch.setattr(queues, "delay", lambda attempts: 0.0)
    database.write("DELETE FROM queue.item WHERE topic = %s", (QUEUE,))
    database.write("DELETE FROM subscription.subscription")
    reader = f"mail-{ids.new()}"
    begin(database, reader)
    app = make_app(
        smtp_host="127.0.0.1", smtp_port=box.port, smtp_tls="off",
        smtp_from="server@hospital.example", subscription_attempts=3, site_name="St Nowhere",
    )  # fmt: skip
    engine = app.extensions["fhirserver"]
    choose, delivery = chosen(engine), Delivery(engine)

    def turn():
        with database.transaction() as connection:
            while changes := queues.following(connection, reader, 1000):
                for topic, item in choose(connection, changes):
                    queues.add(connection, topic, [item])
        queues.work(database, QUEUE, delivery.act, seconds=20, most_attempts=99)

    yield client_of(app), turn
    queues.forget(database, reader)


def subscribed(client, family):
    answer = client.post("/fhir/Subscription", json={
        "resourceType": "Subscription", "status": "requested", "reason": "a test",
        "criteria": f"Patient?family={family}",
        "channel": {"type": "email", "endpoint": "mailto:somebody@ward.example"},
    })  # fmt: skip
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def test_an_email_says_that_something_happened_and_not_what(mailing, box):
    client, turn = mailing
    family = f"F{ids.new()[:8]}"
    id_ = subscribed(client, family)
    made = client.post("/fhir/Patient", json=a_patient(name=[{"family": family}])).json
    turn()

    (mail,) = box.messages
    assert mail["To"] == "somebody@ward.example"
    assert mail["From"] == "server@hospital.example"
    assert mail["Subject"] == "St Nowhere: notification 1"
    assert mail["Message-ID"].startswith(f"<{id_}.1@")
    assert f"Subscription/{id_}" in mail.get_content()
    assert family not in mail.as_string()
    assert made["id"] not in mail.as_string()


def test_a_mail_server_that_is_busy_is_asked_again_until_it_is_too_much(mailing, box):
    client, turn = mailing
    family = f"F{ids.new()[:8]}"
    id_ = subscribed(client, family)
    turn()
    box.answer = "451 later"
    client.post("/fhir/Patient", json=a_patient(name=[{"family": family}]))
    turn()
    found = client.get(f"/fhir/Subscription/{id_}").json
    assert (found["status"], found["error"]) == ("error", "the mail server is busy (451)")

    box.answer = "250 OK"
    client.put(f"/fhir/Subscription/{id_}", json={**found, "status": "requested"})
    client.post("/fhir/Patient", json=a_patient(name=[{"family": family}]))
    turn()

    assert [m["Subject"] for m in box.messages] == ["St Nowhere: notification 2"]


def test_a_mailbox_that_is_not_there_ends_it(mailing, box):
    client, turn = mailing
    family = f"F{ids.new()[:8]}"
    id_ = subscribed(client, family)
    turn()
    box.refusing["somebody@ward.example"] = "550 no such user"
    client.post("/fhir/Patient", json=a_patient(name=[{"family": family}]))
    turn()

    assert box.messages == []
    found = client.get(f"/fhir/Subscription/{id_}").json
    assert (found["status"], found["error"]) == ("error", "the mail server refuses the recipient")
