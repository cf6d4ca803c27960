"""What the operator sees and does of messages that go out."""

from __future__ import annotations

import pytest

from conformance.loopback import unused_port
from hl7v2_gateway.er7 import parse
from tests.hl7v2_gateway.sending.conftest import APPLICATION, member
from tests.hl7v2_gateway.sending.test_sending import a_patient
from tests.peers.hl7_receiver import accepting, ack

EVENTS = member("event", "ADT^A28")


def listed(ward, **query):
    answer = ward.get("/hl7v2/sent", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["messages"]


def standing(ward, id_):
    return next(r for r in ward.get("/hl7v2/receivers").json["receivers"] if r["id"] == id_)


def gauge(ward, name, receiver):
    start = f'fhirserver_hl7v2_{name}{{receiver="{receiver}"}} '
    lines = ward.get("/metrics").text.splitlines()
    return next((float(x.removeprefix(start)) for x in lines if x.startswith(start)), None)


def rejecting(control):
    return [ack("AR", control, "ERR||PID^1|207^x^HL70357|E")]


@pytest.fixture
def closed(receiver):
    """A receiver that nobody answers for."""
    return receiver(APPLICATION, EVENTS, port=unused_port())


def test_a_message_is_found_and_shown_with_its_answer(ward, receiver, turn):
    id_ = receiver(APPLICATION, EVENTS)
    patient = a_patient(ward)
    turn()

    [message] = listed(ward, receiver=id_, patient=f"Patient/{patient['id']}", state="accepted")
    for query in ({"control": message["controlId"]}, {"about": f"Patient/{patient['id']}"}):
        assert [m["id"] for m in listed(ward, **query)] == [message["id"]]
    shown = ward.get(f"/hl7v2/sent/{message['id']}").json
    assert shown["text"].startswith("MSH|")
    assert "MSA|AA" in shown["answer"]
    assert standing(ward, id_)["lastAccepted"]
    assert listed(ward, receiver=id_, state="rejected") == []


def test_a_message_is_sent_again(ward, peer, receiver, turn):
    id_ = receiver(APPLICATION, EVENTS)
    a_patient(ward)
    turn()
    [message] = listed(ward, receiver=id_)
    before = len(peer.arrived)
    answer = ward.post(f"/hl7v2/sent/{message['id']}/resend", json={})
    assert answer.status_code == 200, answer.text
    turn()

    assert len(peer.arrived) == before + 1
    assert peer.arrived[-1] == peer.arrived[-2]


def test_a_lane_that_waits_is_a_metric_and_can_be_cancelled(ward, closed, turn):
    a_patient(ward)
    turn(once=True)
    [message] = listed(ward, receiver=closed, state="waiting")

    assert gauge(ward, "out_waiting", closed) == 1
    assert gauge(ward, "out_attempts", closed) >= 1
    assert gauge(ward, "out_oldest_seconds", closed) >= 0
    assert gauge(ward, "out_error_seconds", closed) >= 0
    told = standing(ward, closed)
    assert (told["queued"], told["isEntered"]) == (1, True)
    assert told["lastError"]
    assert ward.post(f"/hl7v2/sent/{message['id']}/cancel", json={}).status_code == 200
    assert ward.post(f"/hl7v2/sent/{message['id']}/cancel", json={}).status_code == 409
    turn(once=True)
    assert gauge(ward, "out_waiting", closed) == 0


def test_an_edited_copy_takes_the_turn_of_a_message_that_was_stopped_at(ward, peer, receiver, turn):
    id_ = receiver(APPLICATION, EVENTS, member("after-rejection", "stop", "Code"))
    peer.answer = rejecting
    first, second = a_patient(ward), a_patient(ward)
    # What may be a passing fault is tried some times before it stops the lane.
    for _ in range(20):
        turn(once=True)
        if found := listed(ward, receiver=id_, state="stopped"):
            break
    [stopped] = found
    assert gauge(ward, "out_stopped", id_) == 1
    text = ward.get(f"/hl7v2/sent/{stopped['id']}").json["text"]
    peer.answer = accepting
    before = len(peer.arrived)
    answer = ward.post(
        f"/hl7v2/sent/{stopped['id']}/copies", json={"text": text.replace("Outbound", "Mended")}
    )
    assert answer.status_code == 201, answer.text
    turn()

    sent = [parse(m.encode()) for m in peer.arrived[before:]]
    assert [m.value("PID-5.1") for m in sent] == ["Mended", "Outbound"]
    assert sent[0].value("MSH-10") == answer.json["controlId"] != stopped["controlId"]
    [original] = listed(ward, control=stopped["controlId"])
    assert original["state"] == "discarded"
    assert str(answer.json["id"]) in original["reason"]
    assert len(listed(ward, receiver=id_, state="accepted")) == 2
    assert {first["id"], second["id"]} == {
        m["patient"].partition("/")[2] for m in listed(ward, receiver=id_, state="accepted")
    }


def test_a_copy_of_one_that_was_accepted_is_sent_beside_it(ward, peer, receiver, turn):
    id_ = receiver(APPLICATION, EVENTS)
    a_patient(ward)
    turn()
    [message] = listed(ward, receiver=id_)
    text = ward.get(f"/hl7v2/sent/{message['id']}").json["text"]
    ward.post(f"/hl7v2/sent/{message['id']}/copies", json={"text": text})
    turn()

    assert [m["state"] for m in listed(ward, receiver=id_)] == ["accepted", "accepted"]


def test_a_copy_that_is_no_message_is_refused(ward, receiver, turn):
    id_ = receiver(APPLICATION, EVENTS)
    a_patient(ward)
    turn()
    [message] = listed(ward, receiver=id_)
    address = f"/hl7v2/sent/{message['id']}"

    for text in ("PID|1", "MSH|^~\\&|A|B|C|D|E||ADT^A28|other|P|2.5\r"):
        assert ward.post(f"{address}/copies", json={"text": text}).status_code == 422
    assert ward.get("/hl7v2/sent/999999999").status_code == 404
    assert ward.get("/hl7v2/sent", query_string={"state": "lost"}).status_code == 400


@pytest.mark.parametrize("path", ["receivers", "sent", "sent/1"])
def test_only_operators_look_at_what_goes_out(sending_app, token, path):
    headers = {"Authorization": f"Bearer {token('system/MessageHeader.c')}"}

    assert sending_app.test_client().get(f"/hl7v2/{path}", headers=headers).status_code == 403
