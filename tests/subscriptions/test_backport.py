"""The checklist SUB of the Subscriptions R5 Backport, by its numbers, with an independent subscriber.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/
"""

from __future__ import annotations

import pytest

from fhirserver import ids, queues
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.subscriptions.upkeep import look_after
from fhirserver.validation import check
from tests.builders import a_patient

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
TOPIC = "https://fhirserver.example/SubscriptionTopic/"
START = f"{TOPIC}encounter-start"


def wanted(endpoint, content="id-only", *, topic=START, filters=(), channel=(), **more):
    made = {
        "resourceType": "Subscription",
        "meta": {"profile": [f"{BACKPORT}backport-subscription"]},
        "status": "requested",
        "reason": "a test",
        "criteria": topic,
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {
                "extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": content}]
            },
            **dict(channel),
        },
    }
    if filters:
        url = f"{BACKPORT}backport-filter-criteria"
        made["_criteria"] = {"extension": [{"url": url, "valueString": f} for f in filters]}
    return made | more


def encounter(status="in-progress", **more):
    return {
        "resourceType": "Encounter",
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    } | more


@pytest.fixture
def ask(hooks, turn):
    """Asks for a topic-based subscription, and lets the server shake hands."""

    def make(*args, **more):
        answer = hooks.post("/fhir/Subscription", json=wanted(*args, **more))
        assert answer.status_code == 201, answer.text
        turn()
        return answer.json

    return make


@pytest.fixture
def mine(hooks):
    """A patient of this test's own, to filter by."""
    return "Patient/" + hooks.post("/fhir/Patient", json=a_patient()).json["id"]


@pytest.fixture
def filtered(mine):
    return {"filters": [f"Encounter?patient={mine}"]}


def told(arrived):
    """The parameters of the first entry by name; those that repeat as a list."""
    entry = arrived.body["entry"][0]
    assert entry["resource"]["resourceType"] == "Parameters"
    assert entry["resource"]["meta"]["profile"] == [f"{BACKPORT}backport-subscription-status-r4"]
    found = {}
    for p in entry["resource"]["parameter"]:
        value = next((v for k, v in p.items() if k.startswith("value")), None)
        if "part" in p:
            value = {
                q["name"]: next(v for k, v in q.items() if k.startswith("value")) for q in p["part"]
            }
            found.setdefault(p["name"], []).append(value)
        else:
            found[p["name"]] = value
    return found


def check_bundle(arrived, id_):
    """What holds of every notification."""
    body = arrived.body
    assert [i.text for i in check(body) if i.severity in {"error", "fatal"}] == []
    assert body["type"] == "history"
    assert all("request" in e and "response" in e and "fullUrl" in e for e in body["entry"])
    first = body["entry"][0]
    assert first["request"]["method"] == "GET"
    assert first["request"]["url"].endswith(f"Subscription/{id_}/$status")


def test_sub_1_the_capability_statement_lists_the_topics(hooks):
    statement = hooks.get("/fhir/metadata").json
    assert check(statement) == []

    (found,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "Subscription"]
    assert f"{BACKPORT}backport-subscription" in found["supportedProfile"]
    listed = {e["valueCanonical"] for e in found["extension"]
              if e["url"] == f"{BACKPORT}capabilitystatement-subscriptiontopic-canonical"}  # fmt: skip
    assert START in listed
    for topic in listed:
        body = wanted("https://hooks.example.com/x", topic=topic)
        assert hooks.post("/fhir/Subscription", json=body).status_code == 201
    names = {o["name"] for o in found["operation"]}
    assert {"status", "events"} <= names


def test_sub_2_and_3_a_handshake_comes_before_all_events(hooks, peer, turn, mine, filtered):
    answer = hooks.post("/fhir/Subscription", json=wanted(f"{peer.address}/hook", **filtered))
    assert (answer.status_code, answer.json["status"]) == (201, "requested")
    id_ = answer.json["id"]

    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}))
    turn(2)

    shaken, event = peer.arrived
    for each in (shaken, event):
        check_bundle(each, id_)
    assert len(shaken.body["entry"]) == 1
    found = told(shaken)
    assert (found["type"], found["status"]) == ("handshake", "requested")
    assert found["events-since-subscription-start"] == "0"
    assert found["subscription"]["reference"].endswith(f"/Subscription/{id_}")
    assert hooks.get(f"/fhir/Subscription/{id_}").json["status"] == "active"


def test_sub_3_without_an_answer_to_the_handshake_nothing_begins(
    hooks, peer, turn, ask, mine, filtered
):
    peer.answer = lambda _: 500
    made = ask(peer.address, **filtered)

    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}))
    turn(4)

    assert {told(a)["type"] for a in peer.arrived} == {"handshake"}
    assert hooks.get(f"/fhir/Subscription/{made['id']}").json["status"] == "error"


def test_sub_4_heartbeats_come_only_where_they_were_asked_for(database, peer, turn, ask, filtered):
    period = [{"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": 60}]
    beating = ask(f"{peer.address}/beats", channel={"extension": period}, **filtered)
    ask(f"{peer.address}/silent", **filtered)
    look_after(database)
    turn()
    assert [told(a)["type"] for a in peer.arrived] == ["handshake"] * 2

    database.write("UPDATE subscription.subscription SET spoken = spoken - interval '61 s'")
    look_after(database)
    look_after(database)
    turn()

    (beat,) = peer.arrived[2:]
    assert beat.path == "/beats"
    check_bundle(beat, beating["id"])
    assert (told(beat)["type"], told(beat)["status"]) == ("heartbeat", "active")
    assert "notification-event" not in told(beat)


def test_sub_4_no_heartbeat_waits_behind_another(database, peer, turn, ask, filtered):
    period = [{"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": 60}]
    made = ask(peer.address, channel={"extension": period}, **filtered)

    for _ in range(3):
        database.write("UPDATE subscription.subscription SET spoken = spoken - interval '61 s'")
        look_after(database)

    waiting = database.read(
        "SELECT count(*) FROM queue.item WHERE topic = %s AND lane = %s", (QUEUE, made["id"])
    )
    assert waiting == [(1,)]


def test_sub_5_an_event_is_sent_as_the_channel_says(hooks, peer, turn, ask, mine, filtered):
    made = ask(peer.address, channel={"header": ["X-Key: a b,c", "Authorization: Bearer x"]},
               **filtered)  # fmt: skip
    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}))
    turn()

    for call in peer.arrived:
        assert call.method == "POST"
        assert call.headers["Content-Type"].startswith("application/fhir+json")
        assert call.headers["X-Key"] == "a b,c"
        assert call.headers["Authorization"] == "Bearer x"
    found = told(peer.arrived[1])
    assert (found["type"], found["status"]) == ("event-notification", "active")
    assert found["events-since-subscription-start"] == "1"
    assert [e["event-number"] for e in found["notification-event"]] == ["1"]
    check_bundle(peer.arrived[1], made["id"])


def test_sub_6_empty_says_only_that_something_happened(hooks, peer, turn, ask, mine, filtered):
    made = ask(peer.address, "empty", **filtered)
    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}))
    turn()

    call = peer.arrived[1]
    check_bundle(call, made["id"])
    assert len(call.body["entry"]) == 1
    found = told(call)
    assert found["notification-event"][0].keys() == {"event-number", "timestamp"}
    assert "topic" not in found


def test_sub_7_id_only_names_what_it_is_about(hooks, peer, turn, ask, mine, filtered):
    made = ask(peer.address, "id-only", **filtered)
    seen = hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine})).json
    turn()

    call = peer.arrived[1]
    check_bundle(call, made["id"])
    (entry,) = call.body["entry"][1:]
    assert "resource" not in entry
    assert entry["fullUrl"].endswith(f"/Encounter/{seen['id']}")
    (event,) = told(call)["notification-event"]
    assert event["focus"]["reference"].endswith(f"/Encounter/{seen['id']}")


def test_sub_8_full_resource_has_it(hooks, peer, turn, ask, mine, filtered):
    made = ask(peer.address, "full-resource", **filtered)
    seen = hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine})).json
    turn()

    call = peer.arrived[1]
    check_bundle(call, made["id"])
    (entry,) = call.body["entry"][1:]
    assert entry["resource"] == seen
    found = told(call)
    assert found["topic"] == START
    assert found["notification-event"][0]["focus"]["reference"] == entry["fullUrl"]


def test_sub_9_the_status_operation(hooks, peer, turn, ask, mine, filtered):
    made = ask(peer.address, **filtered)
    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}))
    turn()

    for path in (f"/{made['id']}/$status", f"/$status?id={made['id']}",
                 f"/$status?id={made['id']}&status=active"):  # fmt: skip
        answer = hooks.get(f"/fhir/Subscription{path}")
        assert answer.status_code == 200
        assert (answer.json["type"], len(answer.json["entry"])) == ("searchset", 1)
        assert check(answer.json) == []
        resource = answer.json["entry"][0]["resource"]
        found = {p["name"]: next(v for k, v in p.items() if k.startswith("value"))
                 for p in resource["parameter"]}  # fmt: skip
        assert (found["type"], found["status"]) == ("query-status", "active")
        assert found["events-since-subscription-start"] == "1"
        assert found["topic"] == START
    assert (
        hooks.get(f"/fhir/Subscription/$status?id={made['id']}&status=off").json.get("entry")
        is None
    )
    assert hooks.get("/fhir/Subscription/nobody/$status").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"criteria": f"{TOPIC}unknown"},
        {"criteria": "http://hl7.org/fhir/SubscriptionTopic/admission"},
        {"filters": ["Encounter?patient="]},
        {"filters": ["Encounter?length=3"]},
        {"filters": ["Observation?patient=Patient/1"]},
        {"filters": ["Encounter?colour=red"]},
        {"filters": ["Encounter"]},
        {"filters": ["patient=Patient/1"]},
        {"channel": {"type": "sms"}},
        {"channel": {"endpoint": "http://10.0.0.1/x"}},
        {"channel": {"endpoint": "ftp://hooks.example.com/x"}},
        {"channel": {"endpoint": "x"}},
        {"channel": {"payload": "text/html"}},
        {"channel": {"payload": "application/fhir+xml"}},
        {"channel": {"_payload": {}}},
        {"content": "everything"},
        {"content": "full-resource", "channel": {"type": "email", "endpoint": "mailto:a@b.example"}},
        {"channel": {"_type": {"extension": [{"url": f"{BACKPORT}backport-channel-type",
                     "valueCoding": {"system": "http://x.example", "code": "zulip"}}]}}},
        {"channel": {"extension": [{"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": 0}]}},
        {"extension": [{"url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription.topic",
                        "valueCanonical": START}]},
    ],
)  # fmt: skip
def test_sub_10_what_is_not_supported_is_refused(hooks, change):
    change = dict(change)
    topic = change.pop("criteria", START)
    body = wanted("https://hooks.example.com/x", change.pop("content", "id-only"), topic=topic,
                  **change)  # fmt: skip

    answer = hooks.post("/fhir/Subscription", json=body)

    assert 400 <= answer.status_code < 500, answer.text


def test_a_topic_is_about_what_has_become_so(hooks, peer, turn, ask, mine, filtered):
    ask(peer.address, **filtered)
    subject = {"reference": mine}
    made = hooks.post("/fhir/Encounter", json=encounter("planned", subject=subject)).json
    path = f"/fhir/Encounter/{made['id']}"
    for status in ("in-progress", "in-progress", "onleave", "in-progress", "finished"):
        made = hooks.get(path).json
        priority = {"text": ids.new()}
        hooks.put(path, json={**made, "status": status, "priority": priority})
    turn()

    versions = [a.body["entry"][1]["request"] for a in peer.arrived[1:]]
    assert peer.numbers() == [1, 2]
    assert versions == [{"method": "PUT", "url": f"Encounter/{made['id']}"}] * 2


def test_filters_must_all_hold(hooks, peer, turn, ask, mine):
    ask(peer.address, filters=[f"Encounter?patient={mine}", "Encounter?class=AMB"])

    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}))
    amb = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}) | {"class": amb})
    turn()

    assert peer.numbers() == [1]


def test_a_deletion_is_an_event_of_a_topic_that_says_so(hooks, peer, turn, ask):
    id_ = hooks.post("/fhir/Patient", json=a_patient()).json["id"]
    ask(peer.address, "full-resource", topic=f"{TOPIC}patient-change",
        filters=[f"Patient?_id={id_}"])  # fmt: skip
    hooks.delete(f"/fhir/Patient/{id_}")
    turn()

    (entry,) = peer.arrived[1].body["entry"][1:]
    assert entry["request"] == {"method": "DELETE", "url": f"Patient/{id_}"}
    assert "resource" not in entry


def test_events_can_be_asked_for_again(hooks, peer, turn, ask, mine, filtered):
    made = ask(peer.address, **filtered)
    peer.answer = lambda _: 500
    seen = [hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine})).json
            for _ in range(4)]  # fmt: skip
    turn(5)
    assert hooks.get(f"/fhir/Subscription/{made['id']}").json["status"] == "error"

    path = f"/fhir/Subscription/{made['id']}/$events"
    answer = hooks.get(f"{path}?eventsSinceNumber=2&eventsUntilNumber=3&content=full-resource")

    assert answer.status_code == 200
    assert check(answer.json) == []
    assert [e["resource"] for e in answer.json["entry"][1:]] == seen[1:3]
    assert len(hooks.get(path).json["entry"]) == 5
    assert hooks.get(f"{path}?content=empty").json["entry"][1:] == []
    assert hooks.get(f"{path}?eventsSinceNumber=x").status_code == 400
    assert hooks.get(f"{path}?content=all").status_code == 400


def test_how_much_has_happened_only_the_owner_is_told(
    app, hooks, database, peer, turn, ask, mine, filtered
):
    from fhirserver.storage.tokens import issue

    made = ask(peer.address, **filtered)
    hooks.post("/fhir/Encounter", json=encounter(subject={"reference": mine}))
    turn()
    token = issue(database, subject="other", scope="system/Subscription.rs", lifetime_seconds=60)
    by = {"Authorization": f"Bearer {token}"}
    path = f"/fhir/Subscription/{made['id']}"

    status = app.test_client().get(f"{path}/$status", headers=by).json
    names = {p["name"] for p in status["entry"][0]["resource"]["parameter"]}
    assert "status" in names
    assert "events-since-subscription-start" not in names
    for operation in ("$events", "$signing-secret"):
        assert app.test_client().get(f"{path}/{operation}", headers=by).status_code == 403
        assert hooks.get(f"{path}/{operation}").status_code == 200


def test_an_end_ends_it(hooks, database, peer, turn, ask, filtered):
    made = ask(peer.address, end="2100-01-01T00:00:00Z", **filtered)
    database.write("UPDATE subscription.subscription SET ends = now()")

    look_after(database)
    turn()

    assert hooks.get(f"/fhir/Subscription/{made['id']}").json["status"] == "off"
    look_after(database)
    assert [s for s in queues.standing(database) if s.topic == QUEUE] == []
