"""Event numbers: without gaps, and one for each change, however many workers give them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fhirserver.storage import subscriptions as stored

THREADS = 8


@pytest.fixture
def key(database, hooks, turn, subscribe):
    id_ = subscribe("Patient?active=true", "https://hooks.example.com/x")
    return stored.subscriber_named(database, id_).key


@pytest.fixture
def at_once(database):
    def run(act, arguments):
        def one(argument):
            try:
                return act(argument)
            finally:
                database.close()

        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(one, arguments))

    return run


def test_workers_that_number_one_change_at_once_give_it_one_number(database, key, at_once):
    for change in range(1, 6):
        found = at_once(
            lambda _, c=change: stored.number(database, key, "Patient", "a", (c, 1), "C"),
            range(THREADS),
        )
        assert {e.number for e in found} == {change}

    assert stored.subscriber(database, key).last_event == 5


def test_workers_that_number_many_changes_leave_no_gap(database, key, at_once):
    found = at_once(
        lambda c: stored.number(database, key, "Patient", "a", (c % 40, 1), "C"), range(120)
    )

    assert sorted({e.number for e in found}) == list(range(1, 41))
    assert stored.subscriber(database, key).last_event == 40


def test_a_subscription_that_is_gone_numbers_nothing(database):
    assert stored.number(database, -1, "Patient", "a", (1, 1), "C") is None
