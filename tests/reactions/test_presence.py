"""What a process had taken on that is gone is given back at once; nobody else's is."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

import pytest

from fhirserver import ids, queues
from fhirserver.queues import New
from fhirserver.reactions.presence import GRACE_SECONDS, SETTLING_SECONDS, Absences, Presence
from fhirserver.storage import holders, queue_items

SECONDS = 60.0
A, B = 1, 2


@pytest.fixture
def topic(database):
    name = f"topic-{ids.new()}"
    yield name
    database.write("DELETE FROM queue.item WHERE topic = %s", (name,))


@contextlib.contextmanager
def present(database):
    presence = Presence(database)
    presence.start()
    try:
        wait_for(lambda: presence._own)
        yield presence
    finally:
        presence.stop()


def wait_for(claim):
    ends = time.monotonic() + SECONDS
    while not claim():
        assert time.monotonic() < ends
        time.sleep(0.05)


def take(database, topic, lease):
    return queue_items.take(database, topic, lease, lanes=9, most=9, seconds=3_600)


class Lasting(Absences):
    """Where there are old connections, unless it is said that there are none."""

    def gone(self, alive, now, lasting=SETTLING_SECONDS):
        return super().gone(alive, now, lasting)


def absences():
    made = Lasting()
    made.is_news(7)
    return made


def test_who_has_lost_their_lock_for_a_while_is_gone():
    made = absences()

    assert made.gone(frozenset([A, B]), 0.0) == []
    assert made.gone(frozenset([B]), 1.0) == []
    assert made.gone(frozenset([B]), 1.0 + GRACE_SECONDS) == [A]


def test_who_comes_back_in_time_is_not_gone():
    made = absences()

    made.gone(frozenset([A]), 0.0)
    made.gone(frozenset(), 1.0)
    made.gone(frozenset([A]), 2.0)
    made.gone(frozenset(), 3.0)

    assert made.gone(frozenset(), 2.5 + GRACE_SECONDS) == []


def test_when_all_connections_are_new_everybody_has_time_to_make_theirs():
    made = absences()
    made.gone(frozenset([A]), 0.0)

    made.is_news(8)

    assert made.gone(frozenset(), 1.0, 0.0) == []
    assert made.gone(frozenset(), 0.9 + SETTLING_SECONDS, SETTLING_SECONDS - 0.1) == []
    assert made.gone(frozenset(), 1.0 + SETTLING_SECONDS, SETTLING_SECONDS) == [A]


def test_who_begins_while_other_connections_last_waits_no_longer_than_they():
    made = absences()
    made.know({A})

    assert made.gone(frozenset(), 1.0) == []
    assert made.gone(frozenset(), 1.0 + GRACE_SECONDS) == [A]


@pytest.fixture
def other(database_url, topic):
    """Another process that has taken an item on for an hour."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, database_url, topic], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "taken\n"
        yield process
        process.kill()


OTHER = """
import sys, threading, time
from fhirserver import queues
from fhirserver.queues import New
from fhirserver.reactions.presence import Presence
from fhirserver.storage import queue_items
from fhirserver.storage.database import Database
database, topic = Database(sys.argv[1]), sys.argv[2]
presence = Presence(database)
presence.start()
queues.add(database, topic, [New("a", {})])
while not presence._own:
    time.sleep(0.05)
with presence.turn() as new_lease:
    assert queue_items.take(database, topic, new_lease(), lanes=1, most=1, seconds=3_600)
    print("taken", flush=True)
    threading.Event().wait()
"""


def test_what_a_killed_process_had_is_free_in_seconds(database, topic, other):
    with present(database):
        wait_for(lambda: len(queues.look(database).alive) >= 2)
        time.sleep(2 * GRACE_SECONDS)
        assert take(database, topic, ids.new()) == [], "while it is there"

        other.kill()
        other.wait()
        wait_for(lambda: take(database, topic, ids.new()))


def test_what_a_process_had_that_died_before_another_began_is_free_soon(database, topic, other):
    other.kill()
    other.wait()

    assert take(database, topic, ids.new()) == []
    with present(database):
        wait_for(lambda: take(database, topic, ids.new()))


def test_a_turn_that_fails_leaves_nothing_behind_for_an_hour(database, topic):
    queues.add(database, topic, [New("a", {})])
    with present(database) as presence:
        with contextlib.suppress(RuntimeError), presence.turn() as new_lease:
            assert take(database, topic, new_lease())
            raise RuntimeError
        wait_for(lambda: take(database, topic, ids.new()))


def test_a_turn_keeps_what_it_has_when_the_connection_breaks(database, topic):
    queues.add(database, topic, [New("a", {})])
    with present(database) as presence, presence.turn() as new_lease:
        lease = new_lease()
        assert take(database, topic, lease)
        (holder,) = presence._own
        assert lease.startswith(f"{holder:08x}")

        database.read(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND objid = %s::int8 AND pid <> pg_backend_pid()",
            (holder,),
        )
        wait_for(lambda: holder in queues.look(database).alive)
        time.sleep(2 * GRACE_SECONDS)

        assert take(database, topic, ids.new()) == []
        assert queue_items.finish(database, lease, [_only(database, topic)]) == 1


def test_a_lease_of_nobody_in_particular_lasts_its_time(database, topic):
    queues.add(database, topic, [New("a", {})])
    assert take(database, topic, ids.new())

    assert holders.release_all(database, holders.with_leases(database)) == 0
    assert take(database, topic, ids.new()) == []


def test_each_turn_has_the_number_it_began_with(database):
    with present(database) as presence:
        with presence.turn() as first:
            before = first()
            with pytest.raises(RuntimeError), presence.turn():
                raise RuntimeError
            wait_for(lambda: len(presence._own) == 2)
            with presence.turn() as second:
                assert second()[:8] != before[:8] == first()[:8]
        wait_for(lambda: len(presence._own) == 1)


def _only(database, topic):
    ((id_,),) = database.read("SELECT id FROM queue.item WHERE topic = %s", (topic,))
    return id_
