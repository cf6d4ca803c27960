"""A system that takes HL7 v2 messages by MLLP, and knows nothing of the server.

It can be told to acknowledge, to refuse, to keep silent, to answer late or to something else, and
to hang up.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Answer = Callable[[str], list[str | float | None]]
"""What is sent for a control id: texts, pauses in seconds, and None to hang up."""


def ack(code: str, control: str, *more: str) -> str:
    """An acknowledgement."""
    head = "MSH|^~\\&|PEER|X|FHIRSERVER|Y|20261129120000||ACK|A1|P|2.5.1"
    return "\r".join([head, f"MSA|{code}|{control}", *more]) + "\r"


def accepting(control: str) -> list[str | float | None]:
    return [ack("AA", control)]


@dataclass
class Receiver:
    """Its port, what has arrived in order, and how it answers."""

    port: int = 0
    arrived: list[str] = field(default_factory=list)
    answer: Answer = accepting
    connections: int = 0

    @property
    def controls(self) -> list[str]:
        return [m.split("\r")[0].split("|")[9] for m in self.arrived]

    @property
    def events(self) -> list[str]:
        return ["^".join(m.split("\r")[0].split("|")[8].split("^")[:2]) for m in self.arrived]


@contextlib.contextmanager
def hl7_receiver(port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on loopback, until the end of the block; with a context over TLS."""
    made = Receiver()
    listening = socket.create_server(("127.0.0.1", port))
    made.port = listening.getsockname()[1]
    open_ones: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        held = b""
        with contextlib.suppress(OSError), connection, contextlib.ExitStack() as stack:
            if context is not None:
                connection = stack.enter_context(context.wrap_socket(connection, server_side=True))
                open_ones.append(connection)
            while data := connection.recv(65536):
                held += data
                while b"\x1c\r" in held:
                    block, _, held = held.partition(b"\x1c\r")
                    if not take(connection, block.lstrip(b"\x0b").decode()):
                        return

    def take(connection: socket.socket, message: str) -> bool:
        made.arrived.append(message)
        control = message.split("\r", maxsplit=1)[0].split("|")[9]
        for part in made.answer(control):
            if part is None:
                return False
            if isinstance(part, float):
                time.sleep(part)
            else:
                connection.sendall(b"\x0b" + part.encode() + b"\x1c\r")
        return True

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            made.connections += 1
            open_ones.append(connection)
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        # A thread that waits in accept() isn't woken by close() alone.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for one in open_ones:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        thread.join(5)
