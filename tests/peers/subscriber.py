"""A subscriber that knows nothing of the server: an HTTP server that keeps what arrives.

It can be told to fail, to be slow, or not to answer at all.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Arrived:
    """One request; `body` is None when it had none."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    when: float

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None

    @property
    def number(self) -> int | None:
        found = self.headers.get("X-Event-Number")
        return None if found is None else int(found)


@dataclass
class Subscriber:
    """Its address, what has arrived, and how it answers."""

    address: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    answer: Callable[[Arrived], int] = lambda _: 200
    lock: threading.Lock = field(default_factory=threading.Lock)

    def numbers(self, path: str = "") -> list[int]:
        """The event numbers in the order in which they arrived."""
        return [a.number for a in self.arrived if a.path.startswith(path) and a.number is not None]


@contextlib.contextmanager
def subscriber(port: int = 0) -> Iterator[Subscriber]:
    """A subscriber on loopback, until the end of the block."""
    made = Subscriber()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            if len(raw) < length:
                # Who sent it died meanwhile: nothing was said, and nobody waits for an answer.
                self.close_connection = True
                return
            arrived = Arrived(self.command, self.path, dict(self.headers), raw, time.monotonic())
            status = made.answer(arrived)
            with made.lock:
                made.arrived.append(arrived)
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_POST = do_PUT = _take

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    made.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
