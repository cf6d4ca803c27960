"""An association that another system has opened: its thread reads, answers, and waits.

https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.2.html
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from dicom_gateway.dimse import answering, pdus
from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse.command import FIELD, NAME, Command
from dicom_gateway.dimse.exchange import Exchange
from dicom_gateway.dimse.gateway import Gateway
from dicom_gateway.dimse.limits import Limits
from dicom_gateway.dimse.negotiating import Agreement
from dicom_gateway.dimse.problems import Ended, ProtocolError, TooSlow
from dicom_gateway.dimse.receiving import receive
from dicom_gateway.dimse.recording import Arrivals
from dicom_gateway.dimse.service import Context, Request, Response, served
from dicom_gateway.dimse.storage_classes import is_storage
from dicom_gateway.dimse.wire import Wire
from dicom_gateway.partners import Peer

log = logging.getLogger(__name__)

_C_STORE: Final = FIELD["C-STORE"]


class Errand(Protocol):
    """Something to be done between two messages: sent, and told when that can't be any more."""

    def do(self, association: Exchange) -> None:
        """Do it, in the association's thread."""
        ...

    def lost(self) -> None:
        """The association is over; it may have been done."""
        ...


class ServedAssociation(Exchange):
    """One that was called. What others want of it they put in as an errand."""

    def __init__(
        self,
        wire: Wire,
        agreement: Agreement,
        longest: int,
        *,
        number: int,
        peer: Peer,
        calling: str,
        called: str,
        address: str,
        gateway: Gateway,
        most: Limits,
    ) -> None:
        super().__init__(wire, agreement.contexts, longest, seconds=most.network_seconds)
        self.number = number
        self.peer = peer
        self.calling = calling
        self.called = called
        self.address = address
        self.extended: Mapping[str, bytes] = agreement.extended
        self.stored = 0
        self._gateway = gateway
        self._limits = most
        self._arrivals = Arrivals(gateway.recorder, gateway.instances, peer, address)
        self._errands: deque[Errand] = deque()
        self._errands_done: list[Errand] = []
        self._ending = threading.Lock()
        self._is_stopping = False

    def run(self) -> None:
        """Serve it to its end."""
        why = "aborted by us"
        try:
            while True:
                self._run_errands()
                if self._is_stopping:
                    self._abort(pdus.BY_USER, 0)
                    return
                if self._left or self.wire.wait(self._limits.dimse_seconds or None):
                    self._serve(*self.next_command())
        except Ended as error:
            why = str(error)
        except TooSlow as error:
            why = str(error)
            self._abort(pdus.BY_USER, 0)
        except ProtocolError as error:
            why = str(error)
            self._abort(pdus.BY_PROVIDER, error.reason)
        finally:
            self._lose_errands()
            self._arrivals.end()
            log.info(
                "dicom_association_ended",
                extra={"association": self.number, "stored": self.stored, "why": why},
            )

    def errand(self, errand: Errand) -> bool:
        """Have something done between two messages; False when the association is over."""
        with self._ending:
            if not self.is_open:
                return False
            self._errands.append(errand)
        self.wire.wake()
        return True

    def stop(self) -> None:
        """End it after the message that is under way."""
        self._is_stopping = True
        self.wire.wake()

    def _run_errands(self) -> None:
        while self._errands:
            errand = self._errands.popleft()
            self._errands_done.append(errand)
            errand.do(self)

    def _lose_errands(self) -> None:
        with self._ending:
            self.is_open = False
            errands = [*self._errands_done, *self._errands]
        for errand in errands:
            errand.lost()

    def _serve(self, context: Context, command: Command) -> None:
        if commands.number(command, "CommandField") == _C_STORE and is_storage(
            context.abstract_syntax
        ):
            self._store(context, command)
        elif not self.take_response(context, command):
            self._answer(context, command)

    def _store(self, context: Context, command: Command) -> None:
        if not commands.has_dataset(command):
            raise ProtocolError("a C-STORE has no dataset", 6)
        outcome = receive(
            self,
            context,
            command,
            (self.peer.id, self.calling),
            gateway=self._gateway,
            arrivals=self._arrivals,
            limits=self._limits,
        )
        self.stored += not outcome.status
        raw = answering.stored(command, outcome)
        self.wire.send(pdus.command(context.id, raw, self._longest))

    def _answer(self, context: Context, command: Command) -> None:
        dataset = self.dataset(context, command)
        name = NAME.get(commands.number(command, "CommandField"), "")
        service = served(context.abstract_syntax).get(name)
        if service is None:
            self._respond(context, command, Response(answering.UNRECOGNIZED_OPERATION))
            return
        if service.may is not None and service.may not in self.peer.may:
            self._respond(context, command, Response(answering.NOT_AUTHORIZED))
            return
        request = Request(name, command, dataset, context, self, self._gateway)
        begun = time.monotonic()
        try:
            for response in service.answer(request):
                self._respond(context, command, response)
        except (Ended, TooSlow, ProtocolError):
            raise
        except Exception as error:
            # The edge: whatever went wrong, the other side is told and the association goes on.
            log.exception("dicom_service_failed", extra={"operation": name})
            comment = type(error).__name__
            response = Response(answering.failure(name), elements={"ErrorComment": comment})
            self._respond(context, command, response)
        finally:
            self.forget(request.message_id)
        log.info(
            "dicom_answered",
            extra={
                "association": self.number,
                "operation": name,
                "milliseconds": round((time.monotonic() - begun) * 1000),
            },
        )

    def _respond(self, context: Context, command: Command, response: Response) -> None:
        self.send(context, answering.response_to(command, response), response.dataset)
        if response.then is not None:
            response.then()

    def _abort(self, source: int, reason: int) -> None:
        self.is_open = False
        with contextlib.suppress(Ended, TooSlow):
            self.wire.send(pdus.abort(source, reason))
        self.wire.linger(min(1.0, self._limits.artim_seconds))
