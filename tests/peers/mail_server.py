"""A mail server on loopback that keeps what it gets, and fails when it is told to."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """`refusing` are the answers to recipients by address, `answer` the one to a message."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages: list[EmailMessage] = []
        self.refusing: dict[str, str] = {}
        self.answer = "250 OK"

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline().decode().strip():
            command = line.upper()
            if command.startswith("RCPT TO:"):
                address = line.partition("<")[2].partition(">")[0]
                self._say(self.server.refusing.get(address, "250 OK"))
            elif command == "DATA":
                self._say("354 go on")
                self._message()
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 OK")

    def _message(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.server.answer.startswith("2"):
            made = email.message_from_bytes(b"".join(lines), policy=policy.default)
            self.server.messages.append(made)
        self._say(self.server.answer)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
