"""Changes leave for receivers: in order, once, until they are acknowledged."""

from __future__ import annotations

import base64
import json

import pytest

from conformance.loopback import unused_port
from fhirserver import ids
from fhirserver.access.policy import policy_of
from fhirserver.access.policy_resource import resource_of
from fhirserver.access.principal import Principal, scopes
from fhirserver.interactions.messages import FhirRequest
from tests.hl7v2_gateway.sending.conftest import APPLICATION, member
from tests.peers.hl7_receiver import accepting, ack


def a_patient(ward, **more):
    answer = ward.post(
        "/fhir/Patient",
        json={
            "resourceType": "Patient",
            "identifier": [{"system": "https://hospital.example/mrn", "value": ids.new()}],
            "name": [{"family": "Outbound"}],
            **more,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json


def a_visit(ward, patient, status="in-progress", code="IMP", **more):
    answer = ward.post(
        "/fhir/Encounter",
        json={
            "resourceType": "Encounter",
            "status": status,
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": code,
            },
            "subject": {"reference": f"Patient/{patient['id']}"},
            **more,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json


def put(ward, resource):
    answer = ward.put(f"/fhir/{resource['resourceType']}/{resource['id']}", json=resource)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_stay_is_told_from_admission_to_discharge(ward, receiver, peer, turn) -> None:
    id_ = receiver(APPLICATION)
    turn()

    patient = a_patient(ward)
    visit = a_visit(ward, patient, "planned")
    visit = put(ward, {**visit, "status": "in-progress"})
    put(ward, {**patient, "gender": "female"})
    turn()
    put(ward, {**visit, "status": "finished"})
    turn()

    assert peer.events == ["ADT^A28", "ADT^A05", "ADT^A01", "ADT^A08", "ADT^A03"]
    assert len(set(peer.controls)) == 5
    assert all("|LIS|" in m.split("\r")[0] for m in peer.arrived)
    assert all(patient["identifier"][0]["value"] in m for m in peer.arrived)
    assert id_


def test_a_receiver_gets_what_it_wants(ward, receiver, peer, turn) -> None:
    receiver(APPLICATION, member("event", "ADT^A01", "Code"))
    turn()

    visit = a_visit(ward, a_patient(ward))
    put(ward, {**visit, "status": "finished"})
    turn()

    assert peer.events == ["ADT^A01"]


def test_silence_is_waited_for_and_nothing_overtakes(ward, receiver, peer, turn, sent) -> None:
    id_ = receiver(APPLICATION, member("timeout-seconds", 0.3, "Decimal"))
    turn()
    answers = iter([[], [None], [ack("AE", "?")], None])

    def answer(control):
        # Silent, then it hangs up, then it acknowledges something else, then all is well.
        found = next(answers, None)
        return accepting(control) if found is None else found

    peer.answer = answer
    patient = a_patient(ward)
    put(ward, {**patient, "gender": "male"})
    turn()

    assert peer.events == ["ADT^A28"] * 4 + ["ADT^A31"]
    assert len(set(peer.controls[:4])) == 1
    assert len(set(peer.arrived[:4])) == 1
    second, first = sent.listed(receiver=id_)
    assert (first.state, first.attempts, first.code) == ("accepted", 4, "AA")
    assert (second.state, second.attempts) == ("accepted", 1)


def test_what_is_rejected_is_left_out_with_a_reason(ward, receiver, peer, turn, sent) -> None:
    id_ = receiver(APPLICATION)
    turn()
    rejected = []

    def answer(control):
        if rejected:
            return accepting(control)
        rejected.append(control)
        return [ack("AR", control, "ERR||PID^1|101^x^HL70357|E")]

    peer.answer = answer
    patient = a_patient(ward)
    put(ward, {**patient, "gender": "male"})
    turn()

    assert peer.events == ["ADT^A28", "ADT^A31"]
    second, first = sent.listed(receiver=id_)
    assert (first.state, first.code, first.reason) == ("rejected", "AR", "AR 101")
    assert second.state == "accepted"
    found = sent.find(first.id)
    assert b"MSA|AR" in found.ack
    # Once more, when the receiver has been mended.
    assert sent.again([first.id]) == [first.id]
    turn()
    assert peer.arrived[2] == peer.arrived[0]
    assert sent.find(first.id).head.state == "accepted"


def test_a_receiver_may_stop_at_what_it_rejects(ward, receiver, peer, turn, sent) -> None:
    id_ = receiver(APPLICATION, member("after-rejection", "stop", "Code"))
    turn()
    peer.answer = lambda control: [ack("AR", control)]
    patient = a_patient(ward)
    put(ward, {**patient, "gender": "male"})
    for _ in range(3):
        turn(once=True)

    (first,) = sent.listed(receiver=id_)
    assert (first.state, peer.events) == ("stopped", ["ADT^A28"])

    peer.answer = accepting
    assert sent.discard([first.id]) == [first.id]
    turn()

    assert peer.events == ["ADT^A28", "ADT^A31"]
    assert [h.state for h in sent.listed(receiver=id_)] == ["accepted", "discarded"]


def test_what_stopped_is_sent_again_when_somebody_says_so(ward, receiver, peer, turn, sent) -> None:
    id_ = receiver(APPLICATION, member("after-rejection", "stop", "Code"))
    turn()
    peer.answer = lambda control: [ack("AR", control)]
    a_patient(ward)
    turn(once=True)
    (first,) = sent.listed(receiver=id_)

    peer.answer = accepting
    sent.again([first.id])
    turn()

    assert peer.arrived[0] == peer.arrived[1]
    assert sent.find(first.id).head.state == "accepted"


def test_a_worker_that_dies_before_it_notes_the_answer_sends_the_same_again(
    ward, receiver, peer, turn, sent, monkeypatch
) -> None:
    id_ = receiver(APPLICATION)
    turn()
    died = []

    def die(self, *args, **more):
        died.append(args)
        raise SystemError

    with monkeypatch.context() as patched:
        patched.setattr("fhirserver.sent_messages.SentMessages.note", die)
        a_patient(ward)
        turn(once=True)
    turn()

    assert died
    assert len(set(peer.arrived)) == 1
    (head,) = sent.listed(receiver=id_)
    assert head.state == "accepted"


def test_what_came_from_a_system_is_not_sent_back_to_it(ward, receiver, peer, turn, engine) -> None:
    receiver(APPLICATION, member("sender", {"reference": "Endpoint/lab-1"}, "Reference"))
    turn()
    patient = {"resourceType": "Patient", "name": [{"family": "Echo"}]}
    for name in ("hl7v2:lab-1", "hl7v2:lab-2"):
        author = Principal(name, scopes("system/*.cruds"))
        engine.handle(FhirRequest("create", author, type="Patient", body=patient))
        entry = {
            "fullUrl": f"urn:uuid:{ids.new()}",
            "resource": patient,
            "request": {"method": "POST", "url": "Patient"},
        }
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        engine.handle(FhirRequest("bundle", author, body=bundle))
    turn()

    # One of each way of writing is from somebody else.
    assert peer.events == ["ADT^A28", "ADT^A28"]


def test_a_receiver_is_told_of_what_is_labelled_only_with_a_clearance(
    ward, receiver, peer, turn, sent
) -> None:
    id_ = receiver(APPLICATION)
    cleared = receiver(APPLICATION, member("clearance", "R", "Code"))
    hidden = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    turn()

    open_one = a_patient(ward)
    a_patient(ward, meta={"security": [hidden]})
    turn()

    assert [h.about for h in sent.listed(receiver=id_)] == [f"Patient/{open_one['id']}"]
    assert len(sent.listed(receiver=cleared)) == 2


def test_a_receiver_is_told_only_what_its_policy_lets_it_see(
    ward, receiver, peer, turn, database
) -> None:
    id_ = receiver(APPLICATION)
    policy = {
        "name": f"receiver-{id_}",
        "title": "No people",
        "status": "active",
        "clients": [f"hl7v2:{id_}"],
        "rules": [{"name": "Appointments", "types": ["Appointment"], "rights": "rs"}],
    }
    body = resource_of(policy_of(policy, "policy"))
    stored = ward.post("/fhir/Basic", json=body)
    assert stored.status_code == 201, stored.text
    turn()
    a_patient(ward)
    turn()

    assert peer.arrived == []


def test_an_overlay_and_a_code_map_of_the_receiver_hold(ward, receiver, peer, turn) -> None:
    overlay = {"segments": {"PID[Patient]": [{"field": "PID-8", "as": "ST", "value": "secret"}]}}
    name = f"overlay-{ids.new()}"
    library = {
        "resourceType": "Library",
        "status": "active",
        "name": name,
        "type": {"text": "HL7 v2 overlay"},
        "content": [
            {
                "contentType": "application/json",
                "data": base64.b64encode(json.dumps(overlay).encode()).decode(),
            }
        ],
    }
    assert ward.post("/fhir/Library", json=library).status_code == 201
    url = f"https://hospital.example/ConceptMap/{ids.new()}"
    concept_map = {
        "resourceType": "ConceptMap",
        "status": "active",
        "url": url,
        "group": [
            {
                "source": "http://loinc.org",
                "target": "https://lab.example/LOCAL",
                "element": [
                    {
                        "code": "2345-7",
                        "target": [{"code": "GLU", "equivalence": "equivalent"}],
                    }
                ],
            }
        ],
    }
    assert ward.post("/fhir/ConceptMap", json=concept_map).status_code == 201
    code_map = {
        "url": "code-map",
        "extension": [
            member("system", "http://loinc.org", "Uri"),
            member("map", url, "Canonical"),
        ],
    }
    receiver(APPLICATION, member("overlay", name), code_map)
    turn()

    patient = a_patient(ward)
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
        "subject": {"reference": f"Patient/{patient['id']}"},
    }
    assert ward.post("/fhir/ServiceRequest", json=order).status_code == 201
    turn()

    assert peer.events == ["ADT^A28", "OMG^O19"]
    assert peer.arrived[0].split("\r")[2].split("|")[8] == "secret"
    assert "|GLU^^LOCAL^2345-7^^LN" in peer.arrived[1]


def test_what_a_receiver_names_in_vain_holds_it_up_until_it_is_mended(
    ward, receiver, peer, turn
) -> None:
    name = f"overlay-{ids.new()}"
    receiver(APPLICATION, member("overlay", name))
    turn()
    a_patient(ward)
    turn(once=True)
    assert peer.arrived == []

    data = base64.b64encode(b"{}").decode()
    library = {
        "resourceType": "Library",
        "status": "active",
        "name": name,
        "type": {"text": "HL7 v2 overlay"},
        "content": [{"contentType": "application/json", "data": data}],
    }
    assert ward.post("/fhir/Library", json=library).status_code == 201
    turn()

    assert peer.events == ["ADT^A28"]


def test_messages_are_sealed_at_rest(ward, receiver, peer, turn, database) -> None:
    id_ = receiver(APPLICATION)
    turn()
    a_patient(ward)
    turn()

    rows = database.read("SELECT raw, ack FROM hl7v2.sent WHERE receiver = %s", (id_,))

    assert rows
    assert all(b"Outbound" not in bytes(raw) and b"MSA" not in bytes(a) for raw, a in rows)


def test_two_receivers_do_not_wait_for_each_other(ward, receiver, peer, turn, unused) -> None:
    receiver(APPLICATION, port=unused)
    receiver(APPLICATION)
    turn()
    a_patient(ward)
    turn(once=True)

    assert peer.events == ["ADT^A28"]


@pytest.fixture
def unused():
    return unused_port()


def test_a_resource_that_was_deleted_since_is_told_of_both_times(
    ward, receiver, peer, turn
) -> None:
    receiver(APPLICATION, member("event", "ADT^A01", "Code"), member("event", "ADT^A11", "Code"))
    turn()
    visit = a_visit(ward, a_patient(ward))
    assert ward.delete(f"/fhir/Encounter/{visit['id']}").status_code in {200, 204}
    turn()

    assert peer.events == ["ADT^A01", "ADT^A11"]
