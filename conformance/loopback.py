"""Ports on this machine for servers that are started in a moment."""

from __future__ import annotations

import random
import socket
from typing import Final

# From 32768 on Linux gives ports to outgoing connections (ip_local_port_range), of which a busy
# machine has many: one of them would have the port before its server does.
PORTS: Final = range(10_000, 32_766, 2)

# Of its own: a test that seeds `random`, and is run again, would get the same ports again.
_CHANCE: Final = random.SystemRandom()
_given: Final[set[int]] = set()


def unused_port() -> int:
    """A TCP port that nobody listens on now, and neither on the one after it.

    By default the push service listens on the port after the web server's. None is given twice in
    a process: who asks for several starts to listen on them only later.
    """
    for port in _CHANCE.sample(PORTS, 1_000):
        if port not in _given and _is_free(port) and _is_free(port + 1):
            _given.add(port)
            return port
    raise RuntimeError("no port of 1,000 is free: what listens on them? (`ss -ltn`)")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
