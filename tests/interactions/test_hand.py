"""What a part of the server has a hand in while a transaction of its own is carried out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from fhirserver import ids
from fhirserver.access.principal import Principal, scopes
from fhirserver.app import open_engine
from fhirserver.engine import Engine
from fhirserver.errors import Forbidden, Invalid, NotFound
from fhirserver.interactions import conditions, handing, together, transaction
from fhirserver.interactions.intents import changed
from fhirserver.interactions.messages import FhirRequest, Hand
from fhirserver.interactions.pairs import pairs_in
from fhirserver.model import json
from fhirserver.search.hashing import digest
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.versions import lock_conditions

ME = Principal("test", scopes("system/*.cruds"))


@pytest.fixture(scope="module")
def engine(database: Database, database_url: str) -> Engine:
    return open_engine(Settings(database_url=database_url), database)


def send(engine: Engine, mrn: str, given: str, hand: Hand, url: str | None = None) -> None:
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:mrn", "value": mrn}],
        "name": [{"given": [given]}],
    }
    request = {"method": "PUT", "url": f"Patient?identifier=urn:mrn|{mrn}"}
    full_url = url or f"urn:uuid:{ids.new()}"
    entry = {"fullUrl": full_url, "resource": patient, "request": request}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    engine.handle(FhirRequest("bundle", ME, body=bundle, hand=hand))


def names(engine: Engine, mrn: str) -> list[str]:
    query = (("identifier", f"urn:mrn|{mrn}"),)
    answer = engine.handle(FhirRequest("search-type", ME, type="Patient", query=query))
    page = json.parse_object(answer.content or b"")
    return [n for e in page.get("entry", ()) for n in e["resource"]["name"][0]["given"]]


def both(_: str, given: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """All given names."""
    name = {"given": [*stored["name"][0]["given"], *given["name"][0]["given"]]}
    return {**given, "name": [name]}


def test_an_update_is_combined_with_what_is_stored(engine: Engine) -> None:
    mrn = ids.new()
    for given in ("Ada", "Augusta"):
        send(engine, mrn, given, Hand(both))

    assert names(engine, mrn) == ["Ada", "Augusta"]


def test_nothing_that_comes_at_the_same_time_is_lost(engine: Engine) -> None:
    mrn = ids.new()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: send(engine, mrn, str(n), Hand(both)), range(12)))

    assert sorted(names(engine, mrn), key=int) == [str(n) for n in range(12)]


def test_what_is_combined_keeps_to_its_definition(engine: Engine) -> None:
    mrn = ids.new()
    send(engine, mrn, "Ada", Hand())

    with pytest.raises(Invalid):
        send(engine, mrn, "Ada", Hand(lambda _, given, stored: {**given, "birthDate": "soon"}))
    assert names(engine, mrn) == ["Ada"]


def test_what_is_done_with_it_is_kept_with_it_or_not_at_all(
    engine: Engine, database: Database
) -> None:
    done, failed = ids.new(), ids.new()

    def note(topic: str) -> Callable[[], None]:
        sql = "INSERT INTO queue.item (topic, lane, content) VALUES (%s, 'a', '{}')"
        return lambda: database.write(sql, (topic,)) and None

    def fail() -> None:
        note(failed)()
        raise NotFound

    send(engine, done, "Ada", Hand(also=note(done)))
    with pytest.raises(NotFound):
        send(engine, failed, "Ada", Hand(also=fail))

    rows = database.read("SELECT topic FROM queue.item WHERE topic IN (%s, %s)", (done, failed))
    assert rows == [(done,)]
    assert (names(engine, done), names(engine, failed)) == (["Ada"], [])
    database.write("DELETE FROM queue.item WHERE topic = %s", (done,))


def test_plain_updates_mean_what_requests_of_their_own_would(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, hand = engine.seen_by(ME), Hand(both)
    entries = [
        _put("Patient?identifier=urn:mrn%7C1%202", {"resourceType": "Patient"}),
        _put("Patient/a-1", {"resourceType": "Patient", "id": "a-1"}),
    ]
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    request = FhirRequest("bundle", ME, body=body, hand=hand, prefer_return="minimal")
    at_once = transaction.plan(ctx, request, body)
    monkeypatch.setattr(transaction, "updates", lambda *_: None)
    one_by_one = transaction.plan(ctx, request, body)

    assert [e.full_url for e in at_once.writes] == [e.full_url for e in one_by_one.writes]
    for fast, slow in zip(at_once.intents, one_by_one.intents, strict=True):
        assert pairs_in(fast.criteria or "") == pairs_in(slow.criteria or "")
        same = {"combine": None, "criteria": None}
        assert changed(fast, **same) == changed(slow, **same)
        assert fast.combine is not None


@pytest.mark.parametrize(
    "entry",
    [
        {"request": {"method": "DELETE", "url": "Patient/gone"}},
        {
            "request": {"method": "PUT", "url": "Patient/a", "ifMatch": 'W/"1"'},
            "resource": {"resourceType": "Patient", "id": "a"},
        },
        {
            "request": {"method": "PUT", "url": "Patient/b"},
            "resource": {"resourceType": "Patient", "id": "a"},
        },
        {
            "request": {"method": "PUT", "url": "Patient/a"},
            "resource": {"resourceType": "Observation", "id": "a"},
        },
        {"request": {"method": "PUT", "url": "Patient/a"}},
    ],
)
def test_what_is_no_plain_update_goes_as_a_request_of_its_own(
    engine: Engine, entry: dict[str, Any]
) -> None:
    request = FhirRequest("bundle", ME, hand=Hand())

    assert handing.updates(engine.seen_by(ME), request, Hand(), [entry], None) is None


def test_a_hand_writes_no_more_than_its_principal_may(engine: Engine) -> None:
    reader = Principal("reader", scopes("system/*.rs"))
    entry = _put("Patient/not-mine", {"resourceType": "Patient", "id": "not-mine"})
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}

    with pytest.raises(Forbidden):
        engine.handle(FhirRequest("bundle", reader, body=bundle, hand=Hand()))


def _put(url: str, resource: dict[str, Any]) -> dict[str, Any]:
    request = {"method": "PUT", "url": url}
    return {"fullUrl": f"urn:uuid:{ids.new()}", "resource": resource, "request": request}


def test_who_only_mentions_the_same_waits_for_nobody(engine: Engine) -> None:
    mrn = ids.new()
    send(engine, mrn, "Ada", Hand())
    mentions = frozenset(["urn:uuid:who"])
    waits = Barrier(2, timeout=60)

    def mention(_: int) -> None:
        # Both are within their transactions at once, each before its end.
        hand = Hand(lambda _url, _given, stored: stored, lambda: waits.wait() and None, mentions)
        send(engine, mrn, "Ada", hand, url="urn:uuid:who")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(mention, range(2)))

    assert names(engine, mrn) == ["Ada"]


def test_a_mention_that_says_more_is_combined_with_what_is_stored(engine: Engine) -> None:
    mrn = ids.new()
    mentions = frozenset(["urn:uuid:who"])
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(
                lambda n: send(engine, mrn, str(n), Hand(both, None, mentions), "urn:uuid:who"),
                range(12),
            )
        )

    assert sorted(names(engine, mrn), key=int) == [str(n) for n in range(12)]


def test_who_updates_what_is_there_waits_for_none_who_looks_for_the_same(
    engine: Engine, database: Database
) -> None:
    mrn = ids.new()
    send(engine, mrn, "Ada", Hand())
    [key] = conditions._lock_keys("Patient", f"identifier=urn:mrn|{mrn}")

    with database.transaction() as connection, ThreadPoolExecutor(1) as pool:
        lock_conditions(connection, [key])
        pool.submit(send, engine, mrn, "Eve", Hand()).result(60)

    assert names(engine, mrn) == ["Eve"]


def test_an_update_of_what_is_deleted_meanwhile_begins_anew(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mrn = ids.new()
    send(engine, mrn, "Ada", Hand())
    query = (("identifier", f"urn:mrn|{mrn}"),)
    lock, is_deleted = together._lock_rows, []

    def late(*given: Any, **named: Any) -> Any:
        if not is_deleted:
            is_deleted.append(True)
            request = FhirRequest("delete", ME, type="Patient", query=query)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(engine.handle, request).result(60)
        return lock(*given, **named)

    monkeypatch.setattr(together, "_lock_rows", late)
    send(engine, mrn, "Eve", Hand())

    answer = engine.handle(FhirRequest("search-type", ME, type="Patient", query=query))
    [entry] = json.parse_object(answer.content or b"")["entry"]
    assert entry["resource"]["name"] == [{"given": ["Eve"]}]
    # Another one: what was deleted stays so.
    assert entry["resource"]["meta"]["versionId"] == "1"


def test_who_looks_for_very_many_waits_for_all_and_all_for_them(
    engine: Engine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = ids.new(), ids.new()
    monkeypatch.setattr(conditions, "MOST_LOCKS", 0)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            # The lock of a single condition holds up who wants all of them.
            lock_conditions(connection, [digest(one)])
            waiting = pool.submit(send, engine, other, "Ada", Hand())
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
        waiting.result(60)

    assert names(engine, other) == ["Ada"]
