"""A server that serves subscriptions, and turns of its relay and its workers, without waiting."""

from __future__ import annotations

import pytest

from fhirserver import queues
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.storage.change_feed import begin
from fhirserver.subscriptions.choosing import chosen
from fhirserver.subscriptions.delivery import Delivery
from tests.peers.subscriber import subscriber

READER = "test-subscriptions"


@pytest.fixture(scope="session")
def hooks_app(make_app):
    return make_app(allow_local_addresses=True, subscription_attempts=3)


@pytest.fixture
def hooks(hooks_app, client_of):
    """A client that may do everything, of a server that calls endpoints on this machine."""
    return client_of(hooks_app)


@pytest.fixture
def peer():
    with subscriber() as made:
        yield made


@pytest.fixture
def turn(hooks_app, database, monkeypatch):
    """Does all that is to be done: reads the change log, and works off the queue."""
    monkeypatch.setattr(queues, "delay", lambda attempts: 0.0)
    database.write("DELETE FROM queue.item WHERE topic = %s", (QUEUE,))
    database.write("DELETE FROM subscription.subscription")
    begin(database, READER)
    engine = hooks_app.extensions["fhirserver"]
    choose, delivery = chosen(engine), Delivery(engine)

    def run(times: int = 1) -> None:
        for _ in range(times):
            with database.transaction() as connection:
                while changes := queues.following(connection, READER, 1000):
                    for topic, item in choose(connection, changes):
                        queues.add(connection, topic, [item])
            queues.work(database, QUEUE, delivery.act, seconds=20, most_attempts=99)

    run()
    yield run
    queues.forget(database, READER)


@pytest.fixture
def subscribe(hooks):
    """Asks for a subscription of R4's own kind; its id."""

    def make(criteria, endpoint, *, client=hooks, headers=None, **channel):
        answer = client.post(
            "/fhir/Subscription",
            json={
                "resourceType": "Subscription",
                "status": "requested",
                "reason": "a test",
                "criteria": criteria,
                "channel": {"type": "rest-hook", "endpoint": endpoint, **channel},
            },
            headers=headers,
        )
        assert answer.status_code == 201, answer.text
        return answer.json["id"]

    return make
