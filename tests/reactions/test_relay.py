"""Changes become items exactly once, whoever relays and whatever happens to them."""

from __future__ import annotations

import pytest

from fhirserver import ids, queues
from fhirserver.queues import New
from fhirserver.reactions import Reader
from fhirserver.reactions.relay import relay


@pytest.fixture
def name(database):
    made = f"reader-{ids.new()}"
    queues.begin(database, made)
    yield made
    queues.forget(database, made)
    database.write("DELETE FROM queue.item WHERE topic = %s", (made,))


def reader(name, **more):
    def chosen(connection, changes):
        return [(name, New("lane", {"version": c.version})) for c in changes if c.type == "Basic"]

    return Reader(name, chosen, **more)


def versions(database, name):
    found = []
    queues.work(database, name, lambda i: found.append(i.content["version"]), seconds=5)
    return found


def written(client, count):
    url = f"/fhir/Basic/{ids.new()}"
    for n in range(count):
        body = {
            "resourceType": "Basic",
            "id": url.rsplit("/", maxsplit=1)[-1],
            "code": {"text": str(n)},
        }
        assert client.put(url, json=body).status_code in {200, 201}


def test_every_change_becomes_an_item_once_and_in_order(client, database, name):
    written(client, 5)

    while relay(database, reader(name, at_once=2)):
        pass

    assert versions(database, name) == [1, 2, 3, 4, 5]
    assert relay(database, reader(name)) == 0


def test_what_fails_while_relaying_is_relayed_again(client, database, name):
    def broken(connection, changes):
        queues.add(connection, name, [New("lane", {"version": 99})])
        raise RuntimeError

    written(client, 2)
    with pytest.raises(RuntimeError):
        relay(database, Reader(name, broken))

    relay(database, reader(name))

    assert versions(database, name) == [1, 2]


def test_a_relay_leaves_a_reader_alone_that_another_one_has(client, database, app, at_once, name):
    counts = []

    def chosen(connection, changes):
        at_once(lambda _: counts.append(relay(app_database, reader(name))), [1])
        return [(name, New("lane", {"version": c.version})) for c in changes]

    app_database = app.extensions["fhirserver"].context.store.database
    written(client, 1)

    relay(database, Reader(name, chosen))

    assert counts == [0]
    assert versions(database, name) == [1]
