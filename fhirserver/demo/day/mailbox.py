"""A mail server for the demo: it takes every message and keeps it in a folder, as `.eml` files.

Nothing leaves the machine. https://datatracker.ietf.org/doc/html/rfc5321
"""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fhirserver import clock, ids

KEPT: Final = 500
"""So many messages are kept, the newest."""
MOST_BYTES: Final = 1_000_000
HERE: Final = "127.0.0.1"
_DONE: Final = "250 OK"


class Mailbox(socketserver.ThreadingTCPServer):
    """`heard` is called with the address and the subject of each message."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, folder: Path, heard: Callable[[str, str], None]) -> None:
        super().__init__((HERE, port), _Session)
        self._folder = folder
        self._heard = heard
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, recipients: list[str], content: bytes) -> None:
        """Put a message into the folder."""
        message = email.message_from_bytes(content, policy=email.policy.default)
        name = f"{clock.now():%Y%m%dT%H%M%S.%f}-{ids.new()[-6:]}.eml"
        with self._lock:
            (self._folder / name).write_bytes(content)
            for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
                old.unlink(missing_ok=True)
        self._heard(", ".join(recipients), str(message.get("subject", "")))


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox
    timeout = 60

    def handle(self) -> None:
        self._say("220 demo mailbox")
        recipients: list[str] = []
        while line := self.rfile.readline(1_000).decode(errors="replace").strip():
            command = line.upper()
            if command.startswith("RCPT TO:"):
                recipients.append(line.partition("<")[2].partition(">")[0])
                self._say(_DONE)
            elif command == "DATA":
                self._data(recipients)
                recipients = []
            elif command == "QUIT":
                self._say("221 bye")
                return
            elif command == "RSET":
                recipients = []
                self._say(_DONE)
            elif command.startswith(("HELO", "EHLO", "MAIL FROM:", "NOOP")):
                self._say(_DONE)
            else:
                self._say("502 this is not known here")

    def _data(self, recipients: list[str]) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        size = 0
        while line := self.rfile.readline(MOST_BYTES):
            if line == b".\r\n":
                break
            size += len(line)
            if size <= MOST_BYTES:
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if size > MOST_BYTES:
            self._say("552 the message is too large")
            return
        self.server.keep(recipients, b"".join(lines))
        self._say(_DONE)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mailbox(port: int, folder: Path, heard: Callable[[str, str], None]) -> Iterator[Mailbox]:
    """A mailbox that takes messages as long as the block lasts."""
    with Mailbox(port, folder, heard) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
