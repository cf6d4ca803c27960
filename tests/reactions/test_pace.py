"""Threads that wait for slow lanes are counted apart from those that get on."""

from __future__ import annotations

import pytest

from fhirserver import clock, ids, queues
from fhirserver.queues import Item, New
from fhirserver.reactions.pace import SLOW_SECONDS, Pace
from fhirserver.storage import queue_items


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Clock()


@pytest.fixture
def topic(database):
    name = f"topic-{ids.new()}"
    yield name
    database.write("DELETE FROM queue.item WHERE topic = %s", (name,))


def item(lane):
    return Item(1, "topic", lane, {}, clock.now(), 1)


def be_slow(pace, time, lane):
    (turn,) = [t for t in pace.begin() if not t.is_slow]
    with pace.timed(turn, item(lane)):
        time.now += SLOW_SECONDS
    pace.end(turn)


def test_there_are_so_many_threads(time):
    pace = Pace(2, 0, time)

    first, second = pace.begin()[0], pace.begin()[0]
    assert pace.begin() == []
    pace.end(first)

    assert len(pace.begin()) == 1
    assert not second.is_slow


def test_another_takes_the_place_of_who_is_held_up(time):
    pace = Pace(1, 1, time)
    (turn,) = pace.begin()

    with pace.timed(turn, item("a")):
        assert pace.begin() == []
        time.now += SLOW_SECONDS
        (other,) = pace.begin()
        with pace.timed(other, item("b")):
            time.now += SLOW_SECONDS
            assert pace.begin() == [], "only so many may wait"


def test_a_lane_is_slow_until_something_of_it_goes_quickly(time):
    pace = Pace(1, 1, time)

    be_slow(pace, time, "a")
    assert pace.slow_lanes() == ["a"]
    quick, slow = pace.begin()
    with pace.timed(slow, item("a")):
        pass

    assert (quick.is_slow, slow.is_slow) == (False, True)
    assert pace.slow_lanes() == []


def test_slow_lanes_leave_the_other_threads_alone(time):
    pace = Pace(1, 1, time)
    be_slow(pace, time, "a")
    quick, slow = pace.begin()
    pace.end(quick)

    with pace.timed(slow, item("a")):
        time.now += 10 * SLOW_SECONDS
        assert [t.is_slow for t in pace.begin()] == [False]


def test_lanes_are_taken_by_name_in_turn(database, topic):
    queues.add(database, topic, [New(lane, {}) for lane in "abcd"])
    taken = []

    def take(**more):
        runs = queue_items.take(database, topic, ids.new(), lanes=1, most=1, seconds=60, **more)
        taken.append("".join(run[0].lane for run in runs))

    take(only=["b", "c", "x"], after="b")
    take(only=["b", "c", "x"], after="c")
    take(without=["a"])
    take(only=["b", "c"])
    take(without=["a"])
    take()

    assert taken == ["c", "b", "d", "", "", "a"]
