"""Input that means harm, against the real server."""

from __future__ import annotations

import pytest

from conformance.faults import harm

MOST_BYTES = 600_000_000


@pytest.mark.parametrize("attack", harm.ATTACKS, ids=lambda a: a.name)
def test_harm_is_refused_and_the_next_request_is_served(running_server, attack):
    workers = {p.pid for p in running_server.web_workers()}

    outcome = harm.attack(running_server, attack)

    assert outcome.wrong == []
    assert outcome.seconds < 10
    assert harm.is_served(running_server) == []
    memory = harm.memory_bytes(running_server)
    assert set(memory) == workers
    assert max(memory.values()) < MOST_BYTES


@pytest.mark.parametrize(
    ("number", "what"), [(200, "half heads"), (3, "half bodies"), (200, "half bodies of nobody")]
)
def test_clients_that_stop_sending_do_not_stop_the_others(running_server, number, what):
    sent = {
        "half heads": harm.HALF_HEAD,
        # Each occupies one of the threads of a web process.
        "half bodies": harm.half_body(running_server.token),
        "half bodies of nobody": harm.half_body("wrong"),
    }[what]

    with harm.held_open(running_server, sent, number):
        assert harm.is_served(running_server) == []
