"""What is to be done is done at least once, in order within its lane, and never holds up others."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest

from fhirserver import clock, ids, queues
from fhirserver.errors import Unavailable
from fhirserver.queues import GiveUp, Later, New
from fhirserver.storage import queue_items


@pytest.fixture
def topic(database):
    name = f"topic-{ids.new()}"
    yield name
    database.write("DELETE FROM queue.item WHERE topic = %s", (name,))


@pytest.fixture
def no_delay(monkeypatch):
    monkeypatch.setattr(queues, "delay", lambda attempts: 0.0)


def fill(database, topic, *lanes, count=1):
    for n in range(1, count + 1):
        queues.add(database, topic, [New(lane, {"n": n}) for lane in lanes])


def standing(database, topic):
    found = {s.topic: s for s in queues.standing(database)}
    return (found[topic].waiting, found[topic].dead) if topic in found else (0, 0)


def take(database, topic, seconds=60.0):
    lease = ids.new()
    return lease, queue_items.take(database, topic, lease, lanes=9, most=9, seconds=seconds)


def test_items_of_a_lane_are_done_in_order(database, topic):
    done = []
    fill(database, topic, "a", "b", count=70)

    count = queues.work(
        database, topic, lambda i: done.append((i.lane, i.content["n"])), seconds=60
    )

    assert count == len(done) == 140
    for lane in "ab":
        assert [n for name, n in done if name == lane] == list(range(1, 71))
    assert standing(database, topic) == (0, 0)


def test_what_is_added_in_a_transaction_that_fails_is_not_there(database, topic):
    with database.transaction() as connection:
        queues.add(connection, topic, [New("a", {})])
        raise psycopg.Rollback

    assert standing(database, topic) == (0, 0)


def test_what_is_not_due_waits_and_so_does_its_lane(database, topic):
    later = clock.now() + timedelta(hours=1)
    queues.add(database, topic, [New("a", {"n": 1}, later), New("a", {"n": 2}), New("b", {"n": 3})])
    done = []

    queues.work(database, topic, lambda i: done.append(i.content["n"]), seconds=60)

    assert done == [3]


def test_many_workers_at_once_keep_the_order_and_do_nothing_twice(database, topic):
    fill(database, topic, *"abcdefgh", count=40)
    done: dict[str, list[int]] = {lane: [] for lane in "abcdefgh"}

    def act(item):
        done[item.lane].append(item.content["n"])

    def run():
        try:
            while standing(database, topic)[0]:
                queues.work(database, topic, act, seconds=60)
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done == {lane: list(range(1, 41)) for lane in "abcdefgh"}


@pytest.mark.usefixtures("no_delay")
def test_what_fails_is_tried_again_before_what_is_behind_it(database, topic):
    seen = []

    def act(item):
        seen.append((item.content["n"], item.attempts))
        if item.content["n"] == 2 and item.attempts < 3:
            raise Unavailable("not yet")

    fill(database, topic, "a", count=3)
    queues.work(database, topic, act, seconds=60)

    assert seen == [(1, 1), (2, 1), (2, 2), (2, 3), (3, 1)]
    assert standing(database, topic) == (0, 0)


def test_a_lane_that_fails_holds_up_no_other(database, topic):
    done = []

    def act(item):
        if item.lane == "bad":
            raise RuntimeError
        done.append(item.content["n"])

    fill(database, topic, "bad", "good", count=5)
    queues.work(database, topic, act, seconds=60)

    assert done == [1, 2, 3, 4, 5]
    assert standing(database, topic) == (5, 0)


@pytest.mark.usefixtures("no_delay")
def test_what_fails_too_often_lies_dead_and_its_lane_goes_on(database, topic):
    done = []

    def act(item):
        if item.content["n"] == 1:
            raise Unavailable("the endpoint answers 500")
        done.append(item.content["n"])

    fill(database, topic, "a", count=3)
    queues.work(database, topic, act, seconds=60, most_attempts=4)

    assert done == [2, 3]
    (dead,) = queues.dead(database, topic=topic)
    assert (dead.lane, dead.attempts, dead.reason) == ("a", 4, "the endpoint answers 500")


def test_what_can_never_be_done_is_given_up_at_once_and_can_be_revived(database, topic):
    def act(_):
        raise GiveUp("no such subscription")

    fill(database, topic, "a")
    queues.work(database, topic, act, seconds=60)
    (dead,) = queues.dead(database, topic=topic)
    assert (dead.attempts, dead.reason) == (1, "no such subscription")

    assert queues.revive(database, ids=[dead.id]) == 1
    seen = []
    queues.work(database, topic, lambda i: seen.append(i.attempts), seconds=60)

    assert seen == [1]
    assert queues.revive(database, topic=topic) == 0


def test_an_unforeseen_error_leaves_its_kind_and_no_more(database, topic):
    def act(_):
        raise ValueError("Patient Ada Chalmers")

    fill(database, topic, "a")
    queues.work(database, topic, act, seconds=60, most_attempts=1)

    assert queues.dead(database, topic=topic)[0].reason == "ValueError"


def test_what_a_dead_worker_had_is_done_by_another_and_counted(database, topic):
    fill(database, topic, "a", count=2)
    lease, ((first, second),) = take(database, topic)
    assert (first.attempts, second.attempts) == (1, 1)
    assert take(database, topic)[1] == []
    ended = "UPDATE queue.item SET leased_until = now() - interval '1 second' WHERE topic = %s"
    database.write(ended, (topic,))

    seen = []
    queues.work(database, topic, lambda i: seen.append((i.content["n"], i.attempts)), seconds=60)

    assert seen == [(1, 2), (2, 1)]
    # Whoever had it before can neither finish nor bury it now.
    assert queue_items.finish(database, lease, [first.id]) == 0
    assert not queue_items.bury(database, lease, first, reason="late")


def test_time_that_is_up_costs_no_attempt(database, topic, monkeypatch):
    fill(database, topic, "a", "b", count=2)
    now = [0.0]
    monkeypatch.setattr(queues, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def slow(_):
        now[0] += 15

    assert queues.work(database, topic, slow, seconds=10) == 1
    rows = database.read("SELECT attempts, lease FROM queue.item WHERE topic = %s", (topic,))
    assert rows == [(0, None)] * 3


def test_the_next_attempt_comes_later_each_time():
    assert all(2**n / 2 <= queues.delay(n) <= 2**n * 1.5 for n in range(1, 11))
    assert queues.delay(1_000) <= 1.5 * queues.LONGEST_DELAY


def test_who_has_lost_a_lane_leaves_what_is_next_in_it_to_others(database, topic):
    seen = []
    fill(database, topic, "a", "b", count=3)

    def act(item):
        seen.append((item.lane, item.content["n"]))
        if len(seen) == 1:
            database.write(
                "UPDATE queue.item SET lease = NULL, leased_until = NULL WHERE topic = %s", (topic,)
            )
            assert len(take(database, topic)[1]) == 2

    queues.work(database, topic, act, seconds=60)

    assert seen == [("a", 1)]


def test_an_item_that_waits_for_something_is_not_tried_for_nothing(database, topic):
    fill(database, topic, "a", count=2)
    seen = []

    def act(item):
        seen.append((item.content["n"], item.attempts))
        if len(seen) <= queues.MOST_ATTEMPTS + 2:
            raise Later("its turn", 0, is_attempt=False)

    while standing(database, topic)[0]:
        queues.work(database, topic, act, seconds=60)

    assert set(seen) == {(1, 1), (2, 1)}
    assert standing(database, topic) == (0, 0)


def test_an_item_that_took_itself_off_does_not_end_the_run(database, topic):
    fill(database, topic, "a", count=3)
    seen = []

    def act(item):
        seen.append(item.content["n"])
        with database.transaction() as connection:
            assert queues.finish(connection, item.lease, [item.id]) == 1
        return queues.FINISHED

    assert queues.work(database, topic, act, seconds=60) == 3
    assert seen == [1, 2, 3]


def test_what_a_bulk_load_brings_waits_for_what_has_just_happened(database, topic):
    done = []
    bulk = [New(f"Observation/{n:05}", {"n": n}, bulk=True) for n in range(5_000)]
    queues.add(database, topic, bulk)
    with_both = [New("Observation/00077", {"n": "correction"}), New("Observation/9", {"n": "live"})]

    def act(item):
        done.append(item.content["n"])
        if len(done) == 25:
            queues.add(database, topic, with_both)

    queues.work(database, topic, act, seconds=60, lanes=20)

    assert len(done) == 5_002
    # At most what the worker had taken on already comes before it.
    assert done.index("live") <= 42
    # Within a lane the order holds: what the load brought about the same comes first.
    assert done.index(77) < done.index("correction") <= 42


def test_a_bulk_load_that_fails_again_and_again_holds_up_nobody(database, topic):
    done = []
    bulk = [New(f"bulk{n}", {"n": n}, bulk=True) for n in range(100)]
    queues.add(database, topic, bulk)
    fill(database, topic, "live")

    def act(item):
        if item.lane.startswith("bulk"):
            raise ValueError
        done.append(item.lane)

    queues.work(database, topic, act, seconds=60, lanes=20)
    fill(database, topic, "another")
    queues.work(database, topic, act, seconds=60, lanes=20)

    assert done == ["live", "another"]
    assert standing(database, topic) == (100, 0)


def test_no_item_is_looked_for_among_all_that_are_due(database, topic):
    # The planner believes that the queue is empty, and so takes any index for as good as another.
    database.write("ANALYZE queue.item")
    fill(database, topic, *map(str, range(40)), count=50)
    asked = {"topic": topic, "lease": ids.new(), "lanes": 9, "most": 9, "after": "", "nothing": ""}

    plan = "\n".join(
        row[0]
        for row in database.read(
            f"EXPLAIN {queue_items._TAKE_ANY}",
            {**asked, "seconds": timedelta(seconds=9), "only": [], "without": []},
            prepare=False,
        )
    )

    assert "item_live" in plan
    assert "item_when" not in plan
    assert "Sort Key: i.lane" not in plan
