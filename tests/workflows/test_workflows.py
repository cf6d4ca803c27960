"""A workflow is called after each change of its types, in order, and does what a client could."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from fhirserver import clock, ids, queues
from fhirserver.interactions.messages import FhirRequest

SYSTEM = "urn:example:workflow"


def a_basic(text="a", **more):
    return {"resourceType": "Basic", "code": {"text": text}, **more}


def created(client, resource):
    return client.post(f"/fhir/{resource['resourceType']}", json=resource).get_json()


def test_each_change_comes_with_its_version_and_the_one_before(client, reacting, eventually):
    seen = []

    def act(occasion):
        change = occasion.change
        texts = [r and r["code"]["text"] for r in (occasion.before, occasion.resource)]
        seen.append((change.id, change.method, change.version, *texts))

    with reacting({"w": (["Basic"], act)}):
        id_ = created(client, a_basic("a"))["id"]
        client.put(f"/fhir/Basic/{id_}", json=a_basic("b", id=id_))
        client.patch(
            f"/fhir/Basic/{id_}",
            data='[{"op": "replace", "path": "/code/text", "value": "c"}]',
            content_type="application/json-patch+json",
        )
        client.delete(f"/fhir/Basic/{id_}")
        client.put(f"/fhir/Basic/{id_}", json=a_basic("e", id=id_))
        eventually(lambda: len([s for s in seen if s[0] == id_]) == 5)

    assert [s[1:] for s in seen if s[0] == id_] == [
        ("C", 1, None, "a"),
        ("U", 2, "a", "b"),
        ("U", 3, "b", "c"),
        ("D", 4, "c", None),
        ("U", 5, None, "e"),
    ]


def test_it_is_called_for_its_types_only(client, reacting, eventually):
    seen = []

    with reacting({"w": (["Basic"], lambda o: seen.append(o.change.type))}):
        created(client, {"resourceType": "Patient"})
        created(client, a_basic())
        eventually(lambda: seen)

    assert set(seen) == {"Basic"}


def test_a_write_reaches_a_workflow_in_well_under_a_second(client, reacting):
    came: dict[str, float] = {}
    took = []

    def act(occasion):
        came[occasion.change.id] = time.monotonic()

    with reacting({"w": (["Basic"], act)}):
        for _ in range(20):
            id_ = created(client, a_basic())["id"]
            written = time.monotonic()
            while id_ not in came:
                time.sleep(0.005)
                assert time.monotonic() < written + 60
            took.append(came[id_] - written)

    # What else the machine does makes some of them late.
    assert sorted(took)[3] < 1.0


def test_one_that_raises_always_is_dead_in_the_end_and_holds_up_no_other(
    client, database, reacting, eventually, monkeypatch
):
    monkeypatch.setattr(queues, "delay", lambda attempts: 0.0)
    seen = []

    def bad(occasion):
        raise RuntimeError(occasion.change.id)

    with reacting({"bad": (["Basic"], bad), "good": (["Basic"], seen.append)}):
        created(client, a_basic())
        eventually(lambda: queues.dead(database, topic="workflow.bad"))

    (dead,) = queues.dead(database, topic="workflow.bad")
    assert (dead.reason, dead.attempts) == ("RuntimeError", 8)
    assert len(seen) == 1


def test_a_slow_one_holds_up_no_other(client, reacting, eventually):
    goes_on, seen = threading.Event(), []

    def slow(occasion):
        goes_on.wait(60)

    try:
        with reacting({"slow": (["Basic"], slow), "quick": (["Basic"], seen.append)}):
            for _ in range(5):
                created(client, a_basic())
            eventually(lambda: len(seen) == 5)
            goes_on.set()
    finally:
        goes_on.set()


def test_many_workers_at_once_lose_nothing_and_keep_the_order_of_each_resource(
    client, app, at_once, reacting, eventually
):
    seen: dict[str, list[int]] = {}
    made = [created(client, a_basic())["id"] for _ in range(6)]

    def act(occasion):
        seen.setdefault(occasion.change.id, []).append(occasion.change.version)

    with reacting({"w": (["Basic"], act)}, workers=3):
        headers = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}

        def change(id_):
            for n in range(20):
                body = a_basic(str(n), id=id_)
                app.test_client().put(f"/fhir/Basic/{id_}", json=body, headers=headers)

        at_once(change, made)
        eventually(lambda: sum(map(len, seen.values())) >= 120, seconds=30)

    assert seen == {id_: list(range(2, 22)) for id_ in made}


def test_what_is_created_once_is_there_once_however_often_it_is_called(
    client, engine, reacting, eventually
):
    value, answers = ids.new(), []

    def act(occasion):
        task = {"resourceType": "Task", "status": "requested", "intent": "order"}

        def create(_):
            try:
                return occasion.create_once(task, {"system": SYSTEM, "value": f"{value},|$"})
            finally:
                engine.context.store.database.close()

        with ThreadPoolExecutor(4) as threads:
            answers.extend(threads.map(create, range(8)))

    with reacting({"w": (["Basic"], act)}):
        created(client, a_basic())
        eventually(lambda: len(answers) == 8)

    assert len({a["id"] for a in answers}) == 1
    assert answers[0]["identifier"] == [{"system": SYSTEM, "value": f"{value},|$"}]


def test_it_reads_searches_and_writes_through_the_one_door(client, reacting, eventually):
    value, found = ids.new(), []

    def act(occasion):
        mine = {"identifier": [{"system": SYSTEM, "value": value}]}
        entries = [
            {"resource": a_basic(**mine), "request": {"method": "POST", "url": "Basic"}}
            for _ in range(3)
        ]
        occasion.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})
        found.append(occasion.search("Basic", ("identifier", f"{SYSTEM}|{value}"), ("_count", "2")))
        found.append(occasion.read("Patient", occasion.change.id))
        found.append(occasion.read("Patient", "not-there"))

    with reacting({"w": (["Patient"], act)}):
        id_ = created(client, {"resourceType": "Patient"})["id"]
        eventually(lambda: len(found) == 3)

    assert len({r["id"] for r in found[0]}) == 3
    assert found[1]["id"] == id_
    assert found[2] is None


def test_what_it_does_is_on_record_under_its_name(client, app, reacting, eventually):
    made = []

    def act(occasion):
        request = FhirRequest("create", occasion.principal, type="Basic", body=a_basic())
        made.append(occasion.handle(request).location)

    with reacting({"clerk": (["Patient"], act)}):
        created(client, {"resourceType": "Patient"})
        eventually(lambda: made)
    id_ = made[0].split("/")[1]
    eventually(lambda: client.get(f"/fhir/AuditEvent?entity=Basic/{id_}").get_json().get("entry"))

    event = client.get(f"/fhir/AuditEvent?entity=Basic/{id_}").get_json()["entry"][0]["resource"]
    assert "workflow:clerk" in str(event["agent"])


def test_a_timer_calls_its_handler_when_it_has_run_out(client, reacting, eventually):
    rang = []

    def act(occasion):
        now = clock.now()
        occasion.later("wake", now + timedelta(hours=1), {"n": 2})
        occasion.later("wake", now + timedelta(seconds=0.5), {"n": 1})

    with reacting({"w": (["Basic"], act)}, {"wake": lambda e: rang.append(e.content["n"])}):
        created(client, a_basic())
        eventually(lambda: rang)

    assert rang == [1]


def test_of_many_changes_the_one_that_fails_is_done_again_and_no_other(
    client, database, reacting, eventually, monkeypatch
):
    monkeypatch.setattr(queues, "delay", lambda attempts: 0.0)
    seen: list[str] = []

    def act(occasion):
        seen.append(occasion.resource["code"]["text"])
        if occasion.resource["code"]["text"] == "bad" and seen.count("bad") < 4:
            raise RuntimeError

    def entries(texts):
        return [
            {"resource": a_basic(t), "request": {"method": "POST", "url": "Basic"}} for t in texts
        ]

    with reacting({"w": (["Basic"], act)}):
        texts = ["one", "bad", "two", "three"]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries(texts)}
        client.post("/fhir", json=bundle)
        eventually(lambda: seen.count("bad") == 4)
        eventually(lambda: not queues.due(database, ["workflow.w"]))

    assert sorted(s for s in seen if s != "bad") == ["one", "three", "two"]


def test_what_is_done_for_all_at_once_is_done_for_each_where_that_fails(
    client, database, reacting, eventually
):
    together: list[int] = []
    alone: list[str] = []

    def act_on_all(occasions):
        together.append(len(occasions))
        raise RuntimeError

    with reacting({"w": (["Basic"], lambda o: alone.append(o.change.id), act_on_all)}):
        entries = [
            {"resource": a_basic(), "request": {"method": "POST", "url": "Basic"}} for _ in range(3)
        ]
        client.post(
            "/fhir", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}
        )
        eventually(lambda: len(alone) == 3)
        eventually(lambda: not queues.due(database, ["workflow.w"]))

    assert together == [3]
    assert len(set(alone)) == 3
