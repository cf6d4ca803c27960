"""Notifications as FHIR messages."""

from __future__ import annotations

from fhirserver import ids
from fhirserver.validation import check
from tests.builders import a_patient


def test_a_message_carries_the_resource(hooks, peer, turn, subscribe):
    family = f"F{ids.new()[:8]}"
    subscribe(f"Patient?family={family}", f"{peer.address}/inbox", type="message",
              payload="application/fhir+json")  # fmt: skip
    made = hooks.post("/fhir/Patient", json=a_patient(name=[{"family": family}])).json
    turn()

    (call,) = peer.arrived
    assert (call.method, call.path) == ("POST", "/inbox")
    assert [i for i in check(call.body) if i.severity == "error"] == []
    header, focus = call.body["entry"]
    assert call.body["type"] == "message"
    assert header["resource"]["resourceType"] == "MessageHeader"
    assert header["resource"]["destination"] == [{"endpoint": f"{peer.address}/inbox"}]
    assert header["resource"]["focus"] == [{"reference": focus["fullUrl"]}]
    assert focus["resource"] == made


def test_without_a_payload_it_is_the_header_alone(hooks, peer, turn, subscribe):
    family = f"F{ids.new()[:8]}"
    subscribe(f"Patient?family={family}", peer.address, type="message")
    hooks.post("/fhir/Patient", json=a_patient(name=[{"family": family}]))
    turn()

    (call,) = peer.arrived
    (header,) = call.body["entry"]
    assert "focus" not in header["resource"]


def test_of_a_topic_it_carries_the_notification(hooks, peer, turn):
    from tests.subscriptions.test_backport import TOPIC, wanted

    id_ = hooks.post("/fhir/Patient", json=a_patient()).json["id"]
    body = wanted(peer.address, topic=f"{TOPIC}patient-change",
                  filters=[f"Patient?_id={id_}"], channel={"type": "message"})  # fmt: skip
    assert hooks.post("/fhir/Subscription", json=body).status_code == 201
    hooks.put(f"/fhir/Patient/{id_}", json={**a_patient(gender="female"), "id": id_})
    turn()

    handshake, event = peer.arrived
    for call in (handshake, event):
        assert [i for i in check(call.body) if i.severity == "error"] == []
        header, focus = call.body["entry"]
        assert header["resource"]["focus"] == [{"reference": focus["fullUrl"]}]
        assert focus["resource"]["type"] == "history"
