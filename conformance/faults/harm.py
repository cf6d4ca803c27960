"""Input that means harm, over a raw socket: each kind is refused, soon, and the server lives on.

Every attack is bytes to send and the statuses that answer it well; 0 means that the connection is
closed without an answer, which is also an answer to bytes that are no HTTP.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.faults.server import Server

LIMIT: Final = 64_000_000
CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Attack:
    """Something sent to the server, and the statuses that answer it well.

    `hangs_up`: the client says that no more will come.
    """

    name: str
    parts: Callable[[str], Iterator[bytes]]
    statuses: frozenset[int]
    hangs_up: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the server took it: its status, and the seconds until it had answered."""

    name: str
    status: int
    seconds: float
    wrong: list[str]


def head(token: str, length: int | None, *more: str, path: str = "/fhir/Patient") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Content-Type: application/fhir+json",
        *(() if length is None else (f"Content-Length: {length}",)),
        "Connection: close",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(body: bytes, *more: str) -> Callable[[str], Iterator[bytes]]:
    """A request with this body."""

    def parts(token: str) -> Iterator[bytes]:
        yield head(token, len(body), *more)
        yield body

    return parts


def bomb(mebibytes: int) -> bytes:
    """Zipped spaces, a thousandth of what comes out."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    parts = [squeeze.compress(b" " * CHUNK) for _ in range(mebibytes)]
    return b"".join([*parts, squeeze.flush()])


def too_long(token: str) -> Iterator[bytes]:
    """One byte more than the limit, and it is really sent."""
    yield head(token, LIMIT + 1)
    yield from _filling(LIMIT + 1)


def too_long_chunked(token: str) -> Iterator[bytes]:
    """The same without a length, so that the server must count."""
    yield head(token, None, "Transfer-Encoding: chunked")
    for part in _filling(LIMIT + CHUNK):
        yield b"%x\r\n" % len(part) + part + b"\r\n"
    yield b"0\r\n\r\n"


def _filling(length: int) -> Iterator[bytes]:
    yield b'{"resourceType":"Patient","id":"'
    left = length - 32
    while left > 0:
        yield b"x" * min(CHUNK, left)
        left -= CHUNK


def cut_short(token: str) -> Iterator[bytes]:
    """A body that ends before its length."""
    yield head(token, 1000)
    yield b'{"resourceType":'


def deep(opening: bytes, closing: bytes, middle: bytes = b"1") -> bytes:
    return opening * 200_000 + middle + closing * 200_000


PATIENT: Final = b'{"resourceType":"Patient",'
REFUSED: Final = frozenset({400, 413, 415, 422})
NO_HTTP: Final = frozenset({0, 400, 404, 405, 408, 414, 431, 501, 505})


def garbage(*sent: bytes) -> Callable[[str], Iterator[bytes]]:
    return lambda _: iter(sent)


ATTACKS: Final = (
    Attack("gzip bomb of 1 GiB", whole(bomb(1024), "Content-Encoding: gzip"), REFUSED),
    Attack(
        "gzip in gzip",
        whole(gzip.compress(bomb(1024)), "Content-Encoding: gzip"),
        REFUSED,
    ),
    Attack("arrays 200,000 deep", whole(deep(b"[", b"]")), REFUSED),
    Attack("objects 200,000 deep", whole(deep(b'{"a":', b"}")), REFUSED),
    Attack(
        "extensions 200,000 deep",
        whole(PATIENT + deep(b'"extension":[{', b"}]", b'"url":"a"') + b"}"),
        REFUSED,
    ),
    Attack("arrays that never close", whole(b"[" * 1_000_000), REFUSED),
    Attack("1e6000000", whole(PATIENT + b'"multipleBirthInteger":1e6000000}'), REFUSED),
    Attack(
        "a number of 1,000,000 digits", whole(PATIENT + b'"a":' + b"9" * 1_000_000 + b"}"), REFUSED
    ),
    Attack(
        "a string of 30 MB", whole(PATIENT + b'"gender":"' + b"x" * 30_000_000 + b'"}'), REFUSED
    ),
    Attack(
        "100,000 unknown elements",
        whole(PATIENT + b",".join(b'"e%d":1' % n for n in range(100_000)) + b"}"),
        REFUSED,
    ),
    Attack(
        "100,000 equal names",
        whole(PATIENT + b",".join(b'"gender":"male"' for n in range(100_000)) + b"}"),
        REFUSED | {201},
    ),
    Attack("NUL in a string", whole(PATIENT + b'"gender":"\\u0000"}'), REFUSED),
    Attack("a lone surrogate", whole(PATIENT + b'"language":"\\ud800"}'), REFUSED),
    Attack("not UTF-8", whole(PATIENT + b'"language":"\xff\xfe"}'), REFUSED),
    Attack("a body over the limit", too_long, frozenset({413, 0})),
    Attack("a body over the limit in chunks", too_long_chunked, frozenset({413, 0})),
    Attack("a body cut short", cut_short, frozenset({0, 400, 408}), hangs_up=True),
    Attack("a negative length", lambda t: iter([head(t, -1)]), NO_HTTP),
    Attack("two lengths", lambda t: iter([head(t, 5, "Content-Length: 6"), b"12345"]), NO_HTTP),
    Attack("garbage", garbage(bytes(range(256)) * 100), NO_HTTP),
    Attack(
        "TLS to a plain port", garbage(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), NO_HTTP
    ),
    Attack("a line of 1 MB", garbage(b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n"), NO_HTTP),
    Attack(
        "100,000 headers",
        garbage(b"GET /fhir/metadata HTTP/1.1\r\n", b"X-A: b\r\n" * 100_000, b"\r\n"),
        NO_HTTP,
    ),
    Attack(
        "an unknown method",
        garbage(b"BREW /fhir HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        NO_HTTP,
    ),
)


def attack(server: Server, one: Attack, *, seconds: float = 60.0) -> Outcome:
    """Carry out an attack on a connection of its own."""
    began = time.monotonic()
    status = _status(server, one, seconds)
    took = time.monotonic() - began
    wrong = []
    if status not in one.statuses:
        wrong.append(f"{one.name} was answered with {status}")
    return Outcome(one.name, status, took, wrong)


def _status(server: Server, one: Attack, seconds: float) -> int:
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        try:
            for part in one.parts(server.token):
                connection.sendall(part)
            if one.hangs_up:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The server has heard enough: its answer may be there.
        answer = b""
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except TimeoutError:
            return -1
        except OSError:
            pass
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.") else 0


HALF_HEAD: Final = b"POST /fhir/Patient HTTP/1.1\r\nHost:"


def half_body(token: str) -> bytes:
    return head(token, 10_000) + b'{"resourceType":"Pat'


@contextlib.contextmanager
def held_open(server: Server, sent: bytes, number: int) -> Iterator[None]:
    """Connections that have sent a part of a request, and then nothing more in the block."""
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            address = ("127.0.0.1", server.port)
            connection = stack.enter_context(socket.create_connection(address, timeout=10))
            connection.sendall(sent)
        yield


def is_served(server: Server, *, within: float = 1.0, tries: int = 3) -> list[str]:
    """What is wrong when an ordinary client reads and writes now.

    Something else on the machine may make one try slow, but not all of them.
    """
    wrong: list[str] = []
    for _ in range(tries):
        wrong = _served(server, within)
        if not wrong:
            break
    return wrong


def _served(server: Server, within: float) -> list[str]:
    wrong = []
    with server.client(timeout_seconds=30) as client:
        for method, path, body, status in (
            ("GET", "Patient?_count=1", None, 200),
            ("POST", "Patient", {"resourceType": "Patient"}, 201),
        ):
            began = time.monotonic()
            answer = client.send(method, path, body)
            took = time.monotonic() - began
            if answer.status != status:
                wrong.append(f"an ordinary {method} is answered with {answer.status}")
            if took > within:
                wrong.append(f"an ordinary {method} takes {took:.1f} s")
    return wrong


def memory_bytes(server: Server) -> dict[int, int]:
    """The resident memory of each web process."""
    return {p.pid: p.memory_info().rss for p in server.web_workers()}
