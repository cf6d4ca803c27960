"""Two processes and a real Valkey between them."""

from __future__ import annotations

import logging
import time

import pytest

from fhirserver.embedded.valkey import Valkey
from fhirserver.web.protection.exchange import Exchange
from fhirserver.web.protection.windows import Windows


@pytest.fixture
def me(request):
    """A caller whom no other test has counted in the same Valkey."""
    return ("user", f"Qwyjibo-{request.node.name}")


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("limits")
    server = Valkey(folder)
    child = server.start()
    yield server
    server.stop(child)


def a_process(url):
    windows = Windows(lambda: 6_000_000.0 + 30)
    return windows, Exchange(windows, url)


def test_processes_learn_what_the_others_counted(valkey, me):
    (one, of_one), (two, of_two) = a_process(valkey.url()), a_process(valkey.url())
    for _ in range(4):
        one.spend(me, 10, 1.5)
    two.spend(me, 10)

    of_one.exchange()
    of_two.exchange()

    assert two.wait(me, 6.9) > 0
    assert two.wait(me, 7.1) == 0
    one.spend(me, 10)
    of_one.exchange()
    assert one.wait(me, 7.9) > 0


def test_nobody_can_read_in_valkey_who_it_was(valkey, me):
    windows, exchange = a_process(valkey.url())
    windows.spend(me, 10)
    exchange.exchange()

    names = exchange._client.keys("*")
    assert names
    assert all(n.startswith(b"fhirserver:limit:") and b"Qwyjibo" not in n for n in names)
    assert all(0 < exchange._client.ttl(n) <= 120 for n in names)


def test_without_valkey_each_counts_for_itself_and_says_so_once(caplog, me):
    windows, exchange = a_process("redis://127.0.0.1:1/0")
    caplog.set_level(logging.INFO)

    for _ in range(3):
        windows.spend(me, 10)
        exchange.exchange()

    assert windows.wait(me, 3) == 0
    assert windows.wait(me, 2) > 0
    assert [r.message for r in caplog.records] == ["limits_counted_by_each_process"]
    assert windows.untold()[me][1] == 3


def test_it_runs_beside_the_requests(valkey):
    (one, of_one), (two, of_two) = a_process(valkey.url()), a_process(valkey.url())
    key = ("user", "beside")
    for exchange in (of_one, of_two, of_one):
        exchange.start()
    one.spend(key, 10, 5)
    deadline = time.monotonic() + 60
    while two.wait(key, 5) == 0 and time.monotonic() < deadline:
        two.spend(key, 1000, 0.01)
        time.sleep(0.2)

    assert two.wait(key, 5) > 0
    of_one.stop()
    of_two.stop()
