"""A client of websockets, as far as RFC 6455 goes for texts.

https://www.rfc-editor.org/rfc/rfc6455
"""

from __future__ import annotations

import base64
import os
import socket
import struct


class Closed(Exception):
    """The server has closed the connection; the code says why."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class WebSocket:
    """One connection to a server on loopback."""

    def __init__(self, port: int, path: str, seconds: float = 60.0, **headers: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), seconds)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline() not in {b"\r\n", b""}:
            pass

    def say(self, text: str) -> None:
        """Send a text."""
        self._frame(0x1, text.encode())

    def hear(self, seconds: float = 60.0) -> str:
        """The next text. Raises Closed, or TimeoutError when none comes."""
        self._socket.settimeout(seconds)
        while True:
            first, second = self._read(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self._read(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self._read(8))
            content = self._read(size)
            match first & 0x0F:
                case 0x1:
                    return content.decode()
                case 0x8:
                    raise Closed(struct.unpack(">H", content[:2])[0] if content else None)
                case 0x9:
                    self._frame(0xA, content)

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _frame(self, kind: int, content: bytes) -> None:
        mask = os.urandom(4)
        size = len(content)
        head = bytes([0x80 | kind])
        head += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + struct.pack(">H", size)
        self._socket.sendall(head + mask + bytes(c ^ mask[n % 4] for n, c in enumerate(content)))

    def _read(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) < size:
            raise Closed(None)
        return found
