"""A minimal HTTP/1.1 keep-alive client, cheap enough to share two cores with the server it measures.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

FHIR_JSON: Final = "application/fhir+json"

_CHUNK: Final = 262_144
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")
_CHUNKED: Final = re.compile(rb"(?i)\r\ntransfer-encoding:[ \t]*chunked")
_CLOSE: Final = re.compile(rb"(?i)\r\nconnection:[ \t]*close")
_WAIT: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Closed(Exception):
    """The server ended the connection before its answer was complete."""


class Response(NamedTuple):
    """An answer; status 0 means that none came and `body` says why."""

    status: int
    head: bytes
    body: bytes


class Request(NamedTuple):
    """Bytes to send, the family they are counted under, and what says whether the answer is right."""

    family: str
    data: bytes
    check: Callable[[Response], str | None]


@dataclass(frozen=True, slots=True)
class Target:
    """A FHIR base URL and the token that opens it."""

    scheme: str
    host: str
    port: int
    path: str
    token: str | None

    @classmethod
    def parse(cls, base: str, token: str | None = None) -> Target:
        """
        >>> Target.parse("http://127.0.0.1:8000/fhir/").path
        '/fhir'
        """
        url = urlsplit(base)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ValueError(f"not an http(s) base URL: {base}")
        port = url.port or (443 if url.scheme == "https" else 80)
        return cls(url.scheme, url.hostname, port, url.path.rstrip("/"), token)

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The bytes of a request for a path below the base, or for one that begins with a slash."""
        where = path if path.startswith("/") else f"{self.path}/{path}"
        lines = [
            f"{method} {where} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Accept: {FHIR_JSON}",
        ]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if method in {"POST", "PUT"}:
            lines += [f"Content-Type: {FHIR_JSON}", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body

    def same_server(self, link: str) -> str:
        """The path of a link that the server wrote, whatever name it has for itself."""
        url = urlsplit(link)
        return f"{url.path}?{url.query}" if url.query else url.path

    def connect(self, timeout_seconds: float = 30.0) -> socket.socket:
        """An open connection that never blocks."""
        plain = socket.create_connection((self.host, self.port), timeout=timeout_seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.scheme == "https":
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        plain.setblocking(False)
        return plain


def query(kind: str, *parameters: tuple[str, str]) -> str:
    """A type-level search, percent-encoded.

    >>> query("Observation", ("code", "http://loinc.org|8480-6"), ("_count", "20"))
    'Observation?code=http://loinc.org%7C8480-6&_count=20'
    """
    pairs = (f"{quote(name, safe=':.')}={quote(value, safe=':/,$')}" for name, value in parameters)
    return f"{kind}?{'&'.join(pairs)}"


class Connection:
    """One keep-alive connection, which carries one request at a time and reconnects when it must."""

    __slots__ = ("_body_at", "_buffer", "_end", "_outgoing", "_socket", "_target")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._socket = target.connect()
        self._reset()

    def _reset(self) -> None:
        self._buffer = bytearray()
        self._outgoing: memoryview | None = None
        self._body_at = 0
        self._end = 0  # 0 until the head is read, -1 for a chunked body

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def reconnect(self) -> None:
        self._socket.close()
        self._socket = self._target.connect()
        self._reset()

    def send(self, data: bytes) -> bool:
        """Begin a request; False while bytes remain for `flush`."""
        try:
            sent = self._socket.send(data)
        except _WAIT:
            sent = 0
        except OSError as error:
            raise Closed(str(error)) from error
        if sent == len(data):
            return True
        self._outgoing = memoryview(data)[sent:]
        return False

    def flush(self) -> bool:
        """Send more of the request; False while bytes remain."""
        while self._outgoing:
            try:
                sent = self._socket.send(self._outgoing)
            except _WAIT:
                return False
            except OSError as error:
                raise Closed(str(error)) from error
            self._outgoing = self._outgoing[sent:]
        self._outgoing = None
        return True

    def receive(self) -> Response | None:
        """The answer once it is complete, None while more is to come."""
        while True:
            try:
                chunk = self._socket.recv(_CHUNK)
            except _WAIT:
                return None
            except OSError as error:
                raise Closed(str(error)) from error
            if not chunk:
                raise Closed("end of stream")
            self._buffer += chunk
            if (response := self._complete()) is not None:
                return self._finish(response)

    def _complete(self) -> Response | None:
        if not self._end and not self._read_head():
            return None
        if self._end > 0:
            if len(self._buffer) < self._end:
                return None
            body: bytes | None = bytes(self._buffer[self._body_at : self._end])
        else:
            body = dechunk(self._buffer, self._body_at)
        if body is None:
            return None
        head = bytes(self._buffer[: self._body_at])
        return Response(int(head[9:12]), head, body)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        self._body_at = end + 4
        status = bytes(self._buffer[9:12])
        if status in {b"204", b"304"}:
            self._end = self._body_at
        elif length := _LENGTH.search(self._buffer, 0, end):
            self._end = self._body_at + int(length[1])
        elif _CHUNKED.search(self._buffer, 0, end):
            self._end = -1
        else:
            raise Closed("an answer without a length")
        return True

    def _finish(self, response: Response) -> Response:
        if self._outgoing or _CLOSE.search(response.head):
            self.reconnect()
        else:
            self._reset()
        return response


def dechunk(buffer: bytearray, start: int) -> bytes | None:
    """The body out of its chunks, None until the last chunk is there.

    https://www.rfc-editor.org/rfc/rfc9112#section-7.1
    """
    if not buffer.endswith(b"\r\n\r\n") or buffer.find(b"0\r\n", start) < 0:
        return None
    parts: list[bytes] = []
    while (line := buffer.find(b"\r\n", start)) >= 0:
        size = int(bytes(buffer[start:line]).split(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        start = line + 2
        if len(buffer) < start + size + 2:
            return None
        parts.append(bytes(buffer[start : start + size]))
        start += size + 2
    return None
