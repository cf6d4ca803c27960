"""Senders of HL7 v2 messages: as fast as they are answered, or so many a second."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from hl7v2_gateway.framing import Decoder, Frame, framed

CONNECTIONS: Final = 20
_SECONDS: Final = 60.0


class NotAccepted(Exception):
    """A message wasn't answered, or not with AA."""


@dataclass
class Sent:
    """How long each answer took, in seconds, and all of them together."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The nearest rank, in milliseconds."""
        found = sorted(self.latencies)
        return found[min(len(found) - 1, int(share * len(found)))] * 1_000


class Sender:
    """One connection, with one message under way."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._decoder = Decoder(1_000_000)

    def send(self, message: bytes) -> None:
        """Send a message and wait until it is accepted. Raises NotAccepted."""
        self._socket.sendall(framed(message))
        while data := self._socket.recv(65_536):
            for event in self._decoder.feed(data):
                if isinstance(event, Frame):
                    if b"MSA|AA|" not in event.content:
                        raise NotAccepted
                    return
        raise NotAccepted

    def close(self) -> None:
        self._socket.close()


def closed_loop(port: int, messages: Iterator[bytes], seconds: float) -> Sent:
    """As fast as they are answered: each connection sends the next message then."""
    ends = time.monotonic() + seconds

    def turns(_connection: int) -> Iterator[float]:
        while (now := time.monotonic()) < ends:
            yield now

    return _sent(port, messages, turns)


def steady(port: int, messages: Iterator[bytes], rate: float, seconds: float) -> Sent:
    """So many a second, whether answers come or not: what leaves late has waited since its time."""
    began = time.monotonic()

    def turns(connection: int) -> Iterator[float]:
        for number in range(connection, int(rate * seconds), CONNECTIONS):
            due = began + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            yield due

    return _sent(port, messages, turns)


def _sent(port: int, messages: Iterator[bytes], turns: Callable[[int], Iterator[float]]) -> Sent:
    sent, failures, lock = Sent(), list[Exception](), threading.Lock()

    def run(connection: int) -> None:
        try:
            sender = Sender(port)
            for began in turns(connection):
                with lock:
                    message = next(messages)
                sender.send(message)
                sent.latencies.append(time.monotonic() - began)
            sender.close()
        except (OSError, NotAccepted) as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.seconds = time.monotonic() - began
    if failures:
        raise failures[0]
    return sent
