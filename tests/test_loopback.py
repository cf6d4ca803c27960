"""Ports for servers that are started in a moment."""

from __future__ import annotations

import random

from conformance.loopback import unused_port


def test_no_port_is_given_twice() -> None:
    ports = [unused_port() for _ in range(200)]

    assert len(set(ports)) == 200


def test_who_starts_again_with_the_same_seed_gets_other_ports() -> None:
    random.seed(1)
    first = [unused_port() for _ in range(5)]
    random.seed(1)

    assert set(first).isdisjoint(unused_port() for _ in range(5))
