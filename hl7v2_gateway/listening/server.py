"""The MLLP listener: who may connect, with what certificate, and how many at once.

Each connection has the certificate of the server as it is in its file by then, so that it can be
renewed while others stay open.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import socket
from collections import Counter
from collections.abc import Callable
from ssl import SSLContext
from typing import Final

from fhirserver.errors import FhirError
from fhirserver.partners import is_within
from hl7v2_gateway.listening.asking import Asking
from hl7v2_gateway.listening.connection import Connection
from hl7v2_gateway.listening.group import Group
from hl7v2_gateway.listening.limits import HANDSHAKE_SECONDS, Limits
from hl7v2_gateway.listening.owed import Owed
from hl7v2_gateway.listening.room import Room

log = logging.getLogger(__name__)

BACKLOG: Final = 128
OWED_SECONDS: Final = 0.25


class Server:
    """`context` gives the TLS context for a new connection; None for a listener without TLS.

    `asking` answers queries.
    """

    def __init__(
        self,
        group: Group,
        limits: Limits,
        *,
        context: Callable[[], SSLContext] | None = None,
        owed: Owed | None = None,
        asking: Asking | None = None,
    ) -> None:
        self._group = group
        self._limits = limits
        self._context = context
        self._owed = owed
        self._asking = asking
        self._room = Room(limits.waiting_bytes)
        self._connections: dict[int, Connection] = {}
        self._per_address: Counter[str] = Counter()
        self._paying: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0
        self._is_over = asyncio.Event()

    async def run(self, listening: socket.socket) -> None:
        """Serve a socket that listens, until `stop`; what has come by then is answered."""
        listening.setblocking(False)
        accepting = asyncio.create_task(self._accept(listening))
        paying = asyncio.create_task(self._pay())
        await self._is_over.wait()
        for task in (accepting, paying):
            task.cancel()
        listening.close()
        for connection in list(self._connections.values()):
            connection.close()
        tasks = (accepting, paying, *self._tasks, *self._paying.values())
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """End `run`."""
        self._is_over.set()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, peer = await loop.sock_accept(listening)
            except OSError as error:
                # No file is left, for one.
                log.warning("hl7v2_accept_failed", extra={"error": str(error)})
                await asyncio.sleep(0.1)
                continue
            address = peer[0].removeprefix("::ffff:")
            reason = self._refusal(address)
            if reason is not None:
                log.warning("hl7v2_connection_refused", extra={"address": address, "why": reason})
                accepted.close()
                continue
            self._per_address[address] += 1
            task = asyncio.create_task(self._serve(accepted, address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _refusal(self, address: str) -> str | None:
        """Why nobody may connect from there now."""
        if self._limits.allowed and not is_within(address, self._limits.allowed):
            return "not allowed"
        if self._per_address.total() >= self._limits.connections:
            return "too many connections"
        if self._per_address[address] >= self._limits.per_address:
            return "too many connections from there"
        return None

    async def _serve(self, accepted: socket.socket, address: str) -> None:
        self._number += 1
        number = self._number
        try:
            streams = await self._streams(accepted)
            connection = Connection(
                number,
                streams,
                address=address,
                certificate=_fingerprint(streams[1]),
                group=self._group,
                limits=self._limits,
                room=self._room,
                asking=self._asking,
            )
            self._connections[number] = connection
            if self._is_over.is_set():
                connection.close()
            log.info("hl7v2_connected", extra={"connection": number, "address": address})
            await connection.run()
        except (OSError, TimeoutError) as error:
            log.warning(
                "hl7v2_connection_failed", extra={"address": address, "why": type(error).__name__}
            )
        finally:
            self._connections.pop(number, None)
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    async def _streams(
        self, accepted: socket.socket
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        accepted.setblocking(False)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            context = None if self._context is None else self._context()
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=context,
                ssl_handshake_timeout=None if context is None else HANDSHAKE_SECONDS,
            )
        except BaseException:
            # From here on the transport closes it, and nobody else may.
            accepted.close()
            raise
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _pay(self) -> None:
        """Send the application acknowledgements that are owed to who is connected.

        One sender after the other would wait for who doesn't take them; twice at once for the same
        sender would send them twice.
        """
        while self._owed is not None:
            await asyncio.sleep(OWED_SECONDS)
            connections = {s: c for c in self._connections.values() for s in c.senders}
            for sender, connection in connections.items():
                if sender not in self._paying:
                    task = asyncio.create_task(self._pay_one(self._owed, sender, connection))
                    self._paying[sender] = task

    async def _pay_one(self, owed: Owed, sender: str, connection: Connection) -> None:
        try:
            with contextlib.suppress(OSError, TimeoutError, FhirError):
                await owed.pay(sender, connection)
        finally:
            del self._paying[sender]


def _fingerprint(writer: asyncio.StreamWriter) -> str | None:
    """The SHA-256 fingerprint of the certificate that the other side has shown."""
    shown = writer.get_extra_info("ssl_object")
    certificate = None if shown is None else shown.getpeercert(binary_form=True)
    return None if certificate is None else hashlib.sha256(certificate).hexdigest()
