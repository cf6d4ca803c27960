"""Websockets of subscriptions, in a `fhirserver push` of its own and over real sockets."""

from __future__ import annotations

import asyncio
import json

import pytest

from fhirserver import clock, ids, queues
from fhirserver.interactions.operating.subscription_secret import key_of
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.notifications.binding import binding_token
from fhirserver.storage import users
from fhirserver.storage.change_feed import begin
from fhirserver.storage.tokens import issue
from fhirserver.subscriptions.choosing import chosen
from fhirserver.subscriptions.delivery import Delivery
from fhirserver.web.push.sockets import Sockets
from tests.peers.websocket import Closed, WebSocket

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
PATH = "/push/subscriptions"


@pytest.fixture
def turn(app, database):
    """What a worker does, once."""
    database.write("DELETE FROM queue.item WHERE topic = %s", (QUEUE,))
    reader = f"sockets-{ids.new()}"
    begin(database, reader)
    engine = app.extensions["fhirserver"]
    choose, delivery = chosen(engine), Delivery(engine)

    def run():
        with database.transaction() as connection:
            while changes := queues.following(connection, reader, 1000):
                for topic, item in choose(connection, changes):
                    queues.add(connection, topic, [item])
        queues.work(database, QUEUE, delivery.act, seconds=20)

    yield run
    queues.forget(database, reader)


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json={"resourceType": "Patient"}).json["id"]


@pytest.fixture
def subscribe(client, patient, turn):
    """Asks for a subscription to changes of the patient; its id."""

    def make(*, by=client, heartbeat=None):
        channel = {
            "type": "websocket",
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": f"{BACKPORT}backport-payload-content",
                                        "valueCode": "id-only"}]},
        }  # fmt: skip
        if heartbeat is not None:
            url = f"{BACKPORT}backport-heartbeat-period"
            channel["extension"] = [{"url": url, "valueUnsignedInt": heartbeat}]
        filters = {"url": f"{BACKPORT}backport-filter-criteria",
                   "valueString": f"Patient?_id={patient}"}  # fmt: skip
        answer = by.post("/fhir/Subscription", json={
            "resourceType": "Subscription", "status": "requested", "reason": "a test",
            "criteria": "https://fhirserver.example/SubscriptionTopic/patient-change",
            "_criteria": {"extension": [filters]}, "channel": channel,
        })  # fmt: skip
        assert answer.status_code == 201, answer.text
        turn()
        return answer.json["id"]

    return make


@pytest.fixture
def connect(pushing):
    """A new connection each time."""
    made = []

    def begin():
        made.append(WebSocket(pushing.port, PATH))
        assert made[-1].status == 101
        return made[-1]

    yield begin
    for one in made:
        one.close()


def bound(client, connect, id_):
    answer = client.get(f"/fhir/Subscription/{id_}/$get-ws-binding-token")
    assert answer.status_code == 200, answer.text
    found = {p["name"]: next(v for k, v in p.items() if k.startswith("value"))
             for p in answer.json["parameter"]}  # fmt: skip
    assert found["websocket-url"].endswith(PATH)
    made = connect()
    made.say(f"bind-with-token {found['token']}")
    return made


def told(text):
    return {p["name"]: p for p in json.loads(text)["entry"][0]["resource"]["parameter"]}


def change(client, patient):
    body = {"resourceType": "Patient", "id": patient, "name": [{"text": ids.new()}]}
    assert client.put(f"/fhir/Patient/{patient}", json=body).status_code == 200


def test_who_is_bound_is_told_in_order(client, connect, subscribe, patient, turn):
    listening = bound(client, connect, subscribe())
    assert told(listening.hear())["type"]["valueCode"] == "handshake"

    for _ in range(3):
        change(client, patient)
    turn()

    events = [json.loads(listening.hear()) for _ in range(3)]
    numbers = [told(json.dumps(e))["events-since-subscription-start"]["valueString"]
               for e in events]  # fmt: skip
    assert numbers == ["1", "2", "3"]
    assert all(e["entry"][1]["fullUrl"].endswith(f"/Patient/{patient}") for e in events)


def test_several_listen_to_one_and_one_to_several(client, connect, subscribe, patient, turn):
    one, other = subscribe(), subscribe()
    first, second = bound(client, connect, one), bound(client, connect, one)
    token = client.get(f"/fhir/Subscription/$get-ws-binding-token?id={other}").json["parameter"][0]
    first.say(f"bind-with-token: {token['valueString']}")
    assert [told(first.hear())["type"]["valueCode"] for _ in range(2)] == ["handshake"] * 2
    second.hear()

    change(client, patient)
    turn()

    heard = sorted(told(first.hear())["subscription"]["valueReference"]["reference"]
                   for _ in range(2))  # fmt: skip
    assert [h.rpartition("/")[2] for h in heard] == sorted([one, other])
    assert told(second.hear())["type"]["valueCode"] == "event-notification"


def test_heartbeats_come_where_they_are_asked_for(client, connect, subscribe):
    listening = bound(client, connect, subscribe(heartbeat=1))
    listening.hear()

    found = told(listening.hear())
    assert (found["type"]["valueCode"], found["status"]["valueCode"]) == ("heartbeat", "active")


@pytest.mark.parametrize("said", ["bind-with-token x.y", "bind 1", "", "{}"])
def test_who_says_nothing_that_holds_is_let_go(connect, said):
    listening = connect()
    listening.say(said)

    with pytest.raises(Closed) as closed:
        listening.hear()
    assert closed.value.code in {4401, 1003}


def test_an_old_token_binds_nobody(app, connect, subscribe):
    key = key_of(app.extensions["fhirserver"].own_context)
    token = binding_token(key, [subscribe()], int(clock.now().timestamp()) - 1)
    listening = connect()
    listening.say(f"bind-with-token {token}")

    with pytest.raises(Closed) as closed:
        listening.hear()
    assert closed.value.code == 4401


def test_065_only_the_owner_gets_a_token(app, database, client, subscribe):
    id_ = subscribe()
    token = issue(database, subject="other", scope="system/*.rs", lifetime_seconds=60)
    by = {"Authorization": f"Bearer {token}"}

    path = f"/fhir/Subscription/{id_}/$get-ws-binding-token"
    assert app.test_client().get(path, headers=by).status_code == 403
    assert client.get("/fhir/Subscription/$get-ws-binding-token").status_code == 400
    assert client.get("/fhir/Subscription/nobody/$get-ws-binding-token").status_code == 404


def test_who_is_disabled_hears_nothing_more(app, database, client, connect, subscribe, turn):
    account = users.add(database, f"u-{ids.new()}", roles=["admin"])
    by = app.test_client()
    token = issue(database, subject="x", scope="user/*.cruds", lifetime_seconds=600,
                  user=account.id)  # fmt: skip
    by.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    answer = by.post("/fhir/Subscription", json={
        "resourceType": "Subscription", "status": "requested", "reason": "a test",
        "criteria": "Subscription?status=requested", "channel": {"type": "websocket"},
    })  # fmt: skip
    assert answer.status_code == 201, answer.text
    turn()
    listening = bound(by, connect, answer.json["id"])
    assert listening.hear() == f"bound {answer.json['id']}"
    subscribe()
    assert listening.hear() == f"ping {answer.json['id']}"

    users.set_active(database, account.id, is_active=False)
    subscribe()

    with pytest.raises((Closed, TimeoutError)):
        listening.hear(1.0)


def test_065_a_page_of_somebody_else_is_not_let_in(app):
    sockets = Sockets(app.extensions["fhirserver"], origins=frozenset(["https://ours.example"]))
    sent = []

    async def connect(origin):
        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)

        scope = {"path": PATH, "headers": [(b"origin", origin)]}
        await asyncio.wait_for(sockets(scope, receive, send), 60)

    asyncio.run(connect(b"https://evil.example"))

    assert sent == [{"type": "websocket.close", "code": 1008}]
