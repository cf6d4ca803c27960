"""Whether we can listen on a TCP port, asked before anything is started."""

from __future__ import annotations

import errno
import socket

from fhirserver.embedded.failures import CannotStart, reason


def check_free(host: str, port: int, *, option: str = "--port") -> None:
    """Raises CannotStart, naming the port and what to do, when a server couldn't listen on it."""
    if not 0 < port < 65_536:
        raise CannotStart(f"{port} is not a TCP port: choose one from 1 to 65535 with {option}")
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotStart(f"{host} is not an address: choose another with --host") from error
    for family, kind, protocol, _, address in addresses:
        with socket.socket(family, kind, protocol) as probe:
            # A port whose last connections are still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                raise CannotStart(_explain(host, port, error, option)) from error


def _explain(host: str, port: int, error: OSError, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65_535 else 8000
        return f"port {port} is already in use: choose another, for example {option} {other}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: choose another with --host"
    return f"can't listen on {host} port {port}: {reason(error)}; choose another with --port"
