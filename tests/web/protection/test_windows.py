"""Sliding windows: who gets how much, and when again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.web.protection import windows as module
from fhirserver.web.protection.windows import Windows

ME = ("user", "1")
START = 6_000_000.0  # a minute begins here


class Clock:
    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Clock()


@pytest.fixture
def windows(time):
    return Windows(time)


def test_up_to_the_limit_everything_passes(windows):
    assert [windows.spend(ME, 3) for _ in range(3)] == [0, 0, 0]
    assert windows.spend(ME, 3) > 0


def test_callers_do_not_share(windows):
    windows.spend(ME, 1)

    assert windows.spend(("user", "2"), 1) == 0


def test_what_is_refused_is_not_counted(windows, time):
    windows.spend(ME, 1)
    for _ in range(100):
        windows.spend(ME, 1)
    time.now += 120

    assert windows.spend(ME, 1) == 0


def test_around_the_turn_of_a_minute_nobody_gets_twice_the_limit(windows, time):
    time.now += 59
    for _ in range(60):
        assert windows.spend(ME, 60) == 0
    time.now += 2

    assert sum(windows.spend(ME, 60) == 0 for _ in range(60)) <= 2


@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(1, 5)), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_who_waits_as_long_as_told_gets_through_and_no_minute_has_more_than_twice(steps, limit):
    time = Clock()
    windows = Windows(time)
    passed = []
    for pause, amount in steps:
        time.now += pause
        amount = min(amount, limit)
        wait = windows.spend(ME, limit, amount)
        if wait > 0:
            assert wait <= 120
            time.now += wait + 0.001
            assert windows.spend(ME, limit, amount) == 0
        passed.append((time.now, amount))
    for end, _ in passed:
        assert sum(a for at, a in passed if end - 59.9 < at <= end) <= 2 * limit


def test_asking_costs_nothing(windows):
    for _ in range(10):
        assert windows.wait(ME, 1) == 0
    windows.charge(ME, 5)

    assert windows.wait(ME, 1) > 0


def test_what_others_have_counted_counts(windows):
    windows.spend(ME, 10)
    ((key, (number, amount)),) = windows.untold().items()
    assert (key, amount) == (ME, 1)

    windows.told({ME: (number, 10)})

    assert windows.spend(ME, 10) > 0


def test_what_others_counted_in_another_minute_does_not(windows):
    windows.spend(ME, 10)
    ((_, (number, _)),) = windows.untold().items()

    windows.told({ME: (number - 1, 10)})

    assert windows.spend(ME, 10) == 0


def test_what_could_not_be_told_is_told_later(windows):
    windows.spend(ME, 10)
    untold = windows.untold()
    assert windows.untold() == {}

    windows.take_back(untold)

    assert windows.untold() == untold


def test_a_flood_of_callers_takes_no_more_memory(windows, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEYS", 100)

    for n in range(1000):
        windows.spend(("address", str(n)), 10)

    assert len(windows.untold()) <= 100
