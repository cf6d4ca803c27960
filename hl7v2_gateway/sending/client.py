"""An MLLP client: one message after the other, each until its own acknowledgement has come.

An acknowledgement counts only for the message whose control id it repeats. When none comes in time
the connection is closed before anything else is sent: one that comes late can never be taken for
that of the next message.
"""

from __future__ import annotations

import hashlib
import logging
import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult

from fhirserver.egress import CannotReach, Egress
from hl7v2_gateway.framing import Decoder, Frame, framed
from hl7v2_gateway.partners import Receiver
from hl7v2_gateway.sending.answers import Answer, answer_in

log = logging.getLogger(__name__)

LARGEST_ACK: Final = 1_000_000
READ_BYTES: Final = 65_536
CONNECT_SECONDS: Final = 10.0


class NotAnswered(Exception):
    """No acknowledgement came; the message says why, without what the other side sent."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How we show who we are, and whom we trust: PEM files; without `ca` the system's."""

    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None


class Client:
    """A connection to one receiver, opened when it is needed and kept."""

    def __init__(
        self,
        receiver: Receiver,
        egress: Egress,
        identity: Identity,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.receiver = receiver
        self._egress = egress
        self._identity = identity
        self._clock = clock
        self._socket: socket.socket | None = None
        self._decoder = Decoder(LARGEST_ACK)

    def send(self, raw: bytes, control: str) -> tuple[Answer, bytes]:
        """Send a message; its acknowledgement, parsed and as it came. Raises NotAnswered."""
        ends = self._clock() + self.receiver.timeout_seconds
        try:
            self._open()
            return self._exchanged(raw, control, ends)
        except CannotReach as error:
            self.close()
            raise NotAnswered(f"the receiver may not be called: {error}") from error
        except TimeoutError as error:
            self.close()
            raise NotAnswered("no acknowledgement came in time") from error
        except ssl.SSLError as error:
            self.close()
            raise NotAnswered("there is no trust between us and the receiver (TLS)") from error
        except OSError as error:
            self.close()
            raise NotAnswered("the receiver can't be reached") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """What is still under way on the connection is lost to us."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchanged(self, raw: bytes, control: str, ends: float) -> tuple[Answer, bytes]:
        connection = self._connection
        connection.settimeout(self._left(ends))
        connection.sendall(framed(raw))
        while True:
            connection.settimeout(self._left(ends))
            data = connection.recv(READ_BYTES)
            if not data:
                self.close()
                raise NotAnswered("the receiver closed the connection without an acknowledgement")
            for event in self._decoder.feed(data):
                if not isinstance(event, Frame):
                    continue
                answer = answer_in(event.content)
                if answer is not None and answer.control == control:
                    return answer, event.content
                # It is for another message, or for none.
                log.warning("hl7v2_stray_answer", extra={"receiver": self.receiver.id})

    def _left(self, ends: float) -> float:
        left = ends - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

    @property
    def _connection(self) -> socket.socket:
        if self._socket is None:
            raise NotAnswered("there is no connection")
        return self._socket

    def _open(self) -> None:
        if self._socket is not None and self._is_quiet():
            return
        self.close()
        self._decoder = Decoder(LARGEST_ACK)
        scheme = "https" if self.receiver.is_tls else "http"
        host = self.receiver.host
        named = f"[{host}]" if ":" in host else host
        parts = self._egress.checked(f"{scheme}://{named}:{self.receiver.port}")
        self._socket = self._secured(self._egress.connect_plainly(parts, CONNECT_SECONDS), parts)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def _is_quiet(self) -> bool:
        """Whether the connection is as we left it: what came meanwhile is an answer too late."""
        readable, _, _ = select.select([self._connection], [], [], 0)
        return not readable

    def _secured(self, raw: socket.socket, parts: SplitResult) -> socket.socket:
        if not self.receiver.is_tls:
            return raw
        pinned = self.receiver.certificate
        context = ssl.create_default_context(cafile=self._identity.ca)
        if pinned is not None:
            # Its fingerprint says more than any signature.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._identity.certificate is not None:
            context.load_cert_chain(self._identity.certificate, self._identity.key)
        try:
            secured = context.wrap_socket(raw, server_hostname=parts.hostname or "")
        except BaseException:
            raw.close()
            raise
        shown = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
        if pinned is not None and shown != pinned:
            secured.close()
            raise CannotReach("it doesn't show the certificate that its Endpoint names")
        return secured
