"""The record of HL7 v2 messages: each is kept once, sealed, in the order in which they came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from fhirserver import clock, ids
from fhirserver.app import open_keyring
from fhirserver.messages import TOPIC, Arrival, Messages
from fhirserver.settings import Settings
from fhirserver.storage.database import Database


@pytest.fixture
def messages(database: Database, database_url: str) -> Messages:
    return Messages(database, open_keyring(Settings(database_url=database_url), database))


def an_arrival(lane: str = "", **more: object) -> Arrival:
    """A message of a sender that no other test has."""
    sender = ids.new()
    base = Arrival(
        b"MSH|^~\\&|A", sender, "1", "ADT^A01", "2.5", lanes=(lane or sender,), ack=b"MSA|AA|1"
    )
    return replace(base, **more)  # type: ignore[arg-type]


def test_a_message_is_kept_as_it_came_and_what_it_says_is_sealed(
    messages: Messages, database: Database
) -> None:
    raw = b"\x0bMSH|^~\\&|caf\xe9\r" + bytes(range(256))
    [taken] = messages.take([an_arrival(raw=raw)])

    found = messages.find(taken.id)

    assert found is not None
    assert found.raw == raw
    assert (found.head.state, found.head.size) == ("waiting", len(raw))
    assert b"MSH" not in bytes(
        database.read("SELECT raw FROM hl7v2.message WHERE id = %s", (taken.id,))[0][0]
    )


def test_what_comes_again_is_kept_once_and_gets_the_same_answer(messages: Messages) -> None:
    first = an_arrival()
    [kept] = messages.take([first])

    [again] = messages.take([replace(first, ack=b"MSA|AA|another")])

    assert (again.id, again.is_new, again.is_same, again.ack) == (kept.id, False, True, first.ack)


def test_the_same_twice_at_once_is_kept_once(messages: Messages) -> None:
    one, other = an_arrival(), an_arrival()

    taken = messages.take([one, other, one])

    assert [t.is_new for t in taken] == [True, True, False]
    assert taken[2].id == taken[0].id


def test_another_message_under_the_same_control_id_is_told_from_it(messages: Messages) -> None:
    first = an_arrival()
    messages.take([first])

    [other] = messages.take([replace(first, raw=b"MSH|^~\\&|B")])

    assert (other.is_new, other.is_same) == (False, False)


def test_a_message_without_a_control_id_is_known_by_its_bytes(messages: Messages) -> None:
    first = an_arrival(control="")
    taken = messages.take([first, first, replace(first, raw=b"MSH|^~\\&|B")])

    assert [t.is_new for t in taken] == [True, False, True]


def test_a_control_id_is_a_new_one_when_the_window_is_over(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = an_arrival()
    [kept] = messages.take([first])
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)

    [again] = messages.take([first])

    assert again.is_new
    assert again.id != kept.id


def test_a_refused_message_may_come_again(messages: Messages) -> None:
    first = an_arrival(state="refused")
    messages.take([first])

    [again] = messages.take([replace(first, state="waiting")])

    assert again.is_new


def test_one_message_that_comes_by_many_ways_at_once_is_kept_once(messages: Messages) -> None:
    first = an_arrival()
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: messages.take([first, an_arrival()])[0], range(16)))

    assert sum(t.is_new for t in taken) == 1
    assert len({t.id for t in taken}) == 1


def test_a_message_waits_in_the_lane_of_each_patient_it_is_about(
    messages: Messages, database: Database
) -> None:
    a, b = ids.new(), ids.new()
    before, merge = messages.take([an_arrival(b), an_arrival(lanes=(a, b))])
    head = messages.find(merge.id)
    assert head is not None

    is_first = messages.is_first(head.head)
    database.write(
        "DELETE FROM queue.item WHERE topic = %s AND content->'message' = to_jsonb(%s::int8)",
        (TOPIC, before.id),
    )

    assert not is_first
    assert messages.is_first(head.head)


def test_a_message_ends_once(messages: Messages) -> None:
    [taken] = messages.take([an_arrival()])

    assert messages.end(taken.id, "dead", reason="no patient")
    assert not messages.end(taken.id, "done")


def test_messages_that_have_ended_can_be_put_back_in_their_order(messages: Messages) -> None:
    lane = ids.new()
    taken = [t.id for t in messages.take([an_arrival(lane) for _ in range(3)])]
    for id_ in taken:
        messages.end(id_, "done")
    messages.database.write("DELETE FROM queue.item WHERE lane = %s", (lane,))

    assert messages.again(taken[::-1]) == taken
    waiting = messages.database.read(
        "SELECT (content->>'message')::int8 FROM queue.item WHERE lane = %s ORDER BY id", (lane,)
    )
    assert [row[0] for row in waiting] == taken


def test_what_is_owed_is_sent_by_one(messages: Messages) -> None:
    arrival = an_arrival()
    [taken] = messages.take([arrival])
    messages.end(taken.id, "done", answer=b"MSA|AA|1")

    assert messages.owed(arrival.sender) == [(taken.id, b"MSA|AA|1")]
    assert messages.paid([taken.id]) == [taken.id]
    assert messages.paid([taken.id]) == []
    assert messages.owed(arrival.sender) == []
