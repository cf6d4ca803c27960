"""The DICOM listener: who may connect, what is agreed on, and how many at once.

Each association has a thread of its own, which waits in the kernel: who is idle costs nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import select
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from dicom_gateway.dimse import negotiating, pdus
from dicom_gateway.dimse.association import ServedAssociation
from dicom_gateway.dimse.gateway import Gateway
from dicom_gateway.dimse.limits import HANDSHAKE_SECONDS, Limits
from dicom_gateway.dimse.negotiating import Proposal, Rejection
from dicom_gateway.dimse.problems import Ended, ProtocolError, TooSlow
from dicom_gateway.dimse.recording import Refusals
from dicom_gateway.dimse.wire import RECEIVE_BUFFER, Wire
from dicom_gateway.partners import Call, Peer, open_peer
from fhirserver.errors import FhirError
from fhirserver.partners import is_within

log = logging.getLogger(__name__)

BACKLOG: Final = 128
_LONGEST_PROPOSAL: Final = RECEIVE_BUFFER - pdus.HEAD.size
_BEYOND: Final = 50
"""So many more connections than associations may be open, to be told that there are too many."""
_STOP_SECONDS: Final = 10.0
_NOT_ALLOWED: Final = "not allowed"
_NOBODY: Final = Peer("nobody", "nobody", "NOBODY")


_ALERTED: Final = frozenset({negotiating.UNKNOWN_CALLING, negotiating.WRONG_CALLED})
"""Rejections of whom we don't know, or who doesn't know us."""


class Server:
    """`context` gives the TLS context for a new connection; None for a listener without TLS."""

    def __init__(
        self,
        gateway: Gateway,
        limits: Limits,
        *,
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._gateway = gateway
        self._limits = limits
        self._context = context
        self._ae_title = gateway.settings.dicom_ae_title.strip()
        self._is_open_to_all = gateway.settings.dicom_unknown_peers == "accept"
        self._refusals = Refusals(gateway.recorder)
        self._lock = threading.Lock()
        self._associations: dict[int, ServedAssociation] = {}
        self._connections: dict[int, socket.socket] = {}
        self._per_address: Counter[str] = Counter()
        self._held: dict[int, str] = {}
        self._is_over = False
        self._numbers = itertools.count(1)
        self._stopping, self._stop = socket.socketpair()

    def run(self, listening: socket.socket) -> None:
        """Serve a socket that listens, until `stop`."""
        # Of the connections that it accepts, too: it has to be set before they come.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        listening.setblocking(False)
        poll = select.poll()
        poll.register(listening, select.POLLIN)
        poll.register(self._stopping, select.POLLIN)
        stopping = self._stopping.fileno()
        while not any(fd == stopping for fd, _ in poll.poll()):
            self._accept(listening)
        listening.close()
        self._end_all()
        self._stopping.close()

    def stop(self) -> None:
        """End `run`; from any thread, or a signal's handler."""
        with contextlib.suppress(OSError):
            self._stop.send(b"\0")
            self._stop.close()

    def association(self, number: int) -> ServedAssociation | None:
        """An association that is open, by its number."""
        return self._associations.get(number)

    def _accept(self, listening: socket.socket) -> None:
        try:
            accepted, peer = listening.accept()
        except BlockingIOError:
            return
        except OSError as error:
            # No file is left, for one.
            log.warning("dicom_accept_failed", extra={"error": str(error)})
            time.sleep(0.1)
            return
        address = str(peer[0]).removeprefix("::ffff:")
        number = next(self._numbers)
        reason = self._refusal(address)
        if reason is not None:
            log.warning("dicom_connection_refused", extra={"address": address, "why": reason})
            accepted.close()
            if reason == _NOT_ALLOWED:
                # Nobody else is kept waiting for that.
                self._refusals.tell(address, reason, aside=True)
            return
        with self._lock:
            self._connections[number] = accepted
            self._per_address[address] += 1
        thread = threading.Thread(
            target=self._serve,
            args=(accepted, address, number),
            name=f"dicom-{number}",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError:
            self._gone(number, address)
            accepted.close()

    def _refusal(self, address: str) -> str | None:
        """Why nobody may connect from there now."""
        if self._limits.allowed and not is_within(address, self._limits.allowed):
            return _NOT_ALLOWED
        if len(self._connections) >= self._limits.associations + _BEYOND:
            return "too many connections"
        if self._per_address[address] >= self._limits.per_peer + _BEYOND:
            return "too many connections from there"
        return None

    def _gone(self, number: int, address: str) -> None:
        with self._lock:
            self._connections.pop(number, None)
            self._associations.pop(number, None)
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    def _serve(self, accepted: socket.socket, address: str, number: int) -> None:
        """A connection from its beginning to its end, in its own thread."""
        wire = None
        try:
            connection = self._secured(accepted, address)
            wire = Wire(connection, seconds=self._limits.network_seconds)
            self._associate(wire, address, number, _fingerprint(connection))
        except (Ended, TooSlow, ProtocolError, OSError) as error:
            log.warning(
                "dicom_connection_failed",
                extra={"connection": number, "address": address, "why": _why(error)},
            )
            if wire is not None and isinstance(error, TooSlow | ProtocolError):
                with contextlib.suppress(Ended, TooSlow):
                    wire.send(pdus.abort(reason=getattr(error, "reason", 0)))
        except Exception:
            log.exception("dicom_connection_failed", extra={"connection": number})
        finally:
            if wire is not None:
                wire.close()
            else:
                accepted.close()
            self._gone(number, address)

    def _secured(self, accepted: socket.socket, address: str) -> socket.socket:
        if self._context is None:
            return accepted
        accepted.settimeout(HANDSHAKE_SECONDS)
        try:
            return self._context().wrap_socket(accepted, server_side=True)
        except ssl.SSLError:
            self._refusals.tell(address, "no TLS, or no certificate that we trust")
            raise

    def _associate(self, wire: Wire, address: str, number: int, certificate: str | None) -> None:
        raw = self._first_unit(wire)
        proposed = negotiating.proposal(raw)
        peer, rejection = self._judged(proposed, address, certificate)
        if rejection is None:
            with self._places(number, peer) as rejection:
                if rejection is None:
                    self._open(wire, proposed, peer, address, number)
                    return
        # What was called isn't said in the log: it may be anything.
        log.warning(
            "dicom_association_rejected",
            extra={"connection": number, "address": address, "why": rejection.why},
        )
        if rejection in _ALERTED:
            self._refusals.tell(address, rejection.why, proposed.calling)
        wire.send(rejection.encoded())
        wire.linger(min(1.0, self._limits.artim_seconds))

    def _first_unit(self, wire: Wire) -> bytes:
        """The A-ASSOCIATE-RQ, which has to come before ARTIM runs out."""
        if not wire.wait(self._limits.artim_seconds):
            raise Ended("the listener stops")
        wire.need(pdus.HEAD.size)
        head = bytes(wire.take(pdus.HEAD.size))
        kind, length = pdus.HEAD.unpack(head)
        if kind != pdus.ASSOCIATE_RQ:
            raise ProtocolError("the connection doesn't begin with an A-ASSOCIATE-RQ", 2)
        if length > _LONGEST_PROPOSAL:
            raise ProtocolError("the A-ASSOCIATE-RQ is too long", 6)
        wire.need(length)
        return head + bytes(wire.take(length))

    def _judged(
        self, proposed: Proposal, address: str, certificate: str | None
    ) -> tuple[Peer, Rejection | None]:
        """Who calls, or why nobody of that name may."""
        if proposed.application_context != negotiating.APPLICATION_CONTEXT:
            return _NOBODY, negotiating.WRONG_APPLICATION
        if proposed.called != self._ae_title:
            return _NOBODY, negotiating.WRONG_CALLED
        call = Call(proposed.calling, address, certificate)
        try:
            found = self._gateway.directory.who(call)
        except FhirError:
            return _NOBODY, negotiating.UNAVAILABLE
        if found is None and self._is_open_to_all:
            found = open_peer(call)
        return (_NOBODY, negotiating.UNKNOWN_CALLING) if found is None else (found, None)

    @contextlib.contextmanager
    def _places(self, number: int, peer: Peer) -> Iterator[Rejection | None]:
        """Yields why there is no place for one more."""
        with self._lock:
            held = list(self._held.values())
            is_full = len(held) >= self._limits.associations
            is_full = is_full or held.count(peer.id) >= self._limits.per_peer
            if not is_full:
                self._held[number] = peer.id
        try:
            yield negotiating.CONGESTED if is_full else None
        finally:
            with self._lock:
                self._held.pop(number, None)

    def _open(self, wire: Wire, proposed: Proposal, peer: Peer, address: str, number: int) -> None:
        agreement = negotiating.agreed(proposed, peer)
        association = ServedAssociation(
            wire,
            agreement,
            proposed.longest,
            number=number,
            peer=peer,
            calling=proposed.calling,
            called=proposed.called,
            address=address,
            gateway=self._gateway,
            most=self._limits,
        )
        with self._lock:
            self._associations[number] = association
            if self._is_over:
                association.stop()
        wire.send(agreement.answer)
        log.info(
            "dicom_association",
            extra={
                "association": number,
                "address": address,
                "peer": peer.id,
                "contexts": len(agreement.contexts),
                "implementation": proposed.implementation[:64],
            },
        )
        association.run()

    def _end_all(self) -> None:
        """What is under way is finished, within reason."""
        with self._lock:
            self._is_over = True
            associations = list(self._associations.values())
        for association in associations:
            association.stop()
        until = time.monotonic() + _STOP_SECONDS
        while self._associations and time.monotonic() < until:
            time.sleep(0.02)


def _fingerprint(connection: socket.socket) -> str | None:
    """The SHA-256 fingerprint of the certificate that the other side has shown."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    shown = connection.getpeercert(binary_form=True)
    return None if shown is None else hashlib.sha256(shown).hexdigest()


def _why(error: BaseException) -> str:
    known = isinstance(error, Ended | TooSlow | ProtocolError)
    return str(error) if known else type(error).__name__
