"""A system that sends HL7 v2 messages: it writes bytes, and reads what comes back."""

from __future__ import annotations

import socket
import ssl
from types import TracebackType
from typing import Self

from hl7v2_gateway.er7 import Message, parse
from hl7v2_gateway.framing import Decoder, Frame, framed


class MllpClient:
    """A connection to a listener on this machine."""

    def __init__(
        self, port: int, *, tls: ssl.SSLContext | None = None, seconds: float = 60
    ) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), seconds)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self._decoder = Decoder(50_000_000)
        self._frames: list[bytes] = []

    def send(self, message: bytes) -> Message:
        """Send a message and wait for what is answered."""
        self.write(framed(message))
        return parse(self.receive())

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def receive(self) -> bytes:
        """The next message that comes; raises EOFError when the other side has closed."""
        while not self._frames:
            data = self.socket.recv(65_536)
            if not data:
                raise EOFError
            self._frames += [e.content for e in self._decoder.feed(data) if isinstance(e, Frame)]
        return self._frames.pop(0)

    def is_cut_off(self) -> bool:
        """Whether the other side closes, and says nothing before."""
        try:
            return self.socket.recv(1) == b""
        except OSError:
            return True

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
