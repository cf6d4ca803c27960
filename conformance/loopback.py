"""Ports on this machine for servers that are started in a moment."""

from __future__ import annotations

import random
import socket

# From 32768 on Linux gives ports to outgoing connections (ip_local_port_range), of which a busy
# machine has many: one of them would have the port before its server does.
PORTS = range(10_000, 32_766, 2)


def unused_port() -> int:
    """A TCP port that nobody listens on now, and neither on the one after it.

    By default the push service listens on the port after the web server's.
    """
    for port in random.sample(PORTS, 1_000):
        if _is_free(port) and _is_free(port + 1):
            return port
    raise RuntimeError("no port of 1,000 is free: what listens on them? (`ss -ltn`)")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
