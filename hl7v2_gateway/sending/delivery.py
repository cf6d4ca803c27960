"""From an item of the queue to the receiver: the message is made once, and sent until it is taken.

The order holds: what can't be delivered is sent again and again, and holds up what is behind it for
the same receiver. What the receiver rejects for good is left out, or stops everything until
somebody decides, as its Endpoint says (`after-rejection`).
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from fhirserver.app import open_keyring
from fhirserver.egress import egress_of
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Invalid
from fhirserver.queues import GiveUp, Item
from fhirserver.sent_messages import Sent, SentMessages, State
from hl7v2_gateway.outbound.assembling import Unsendable
from hl7v2_gateway.partners import Receiver
from hl7v2_gateway.sending.answers import Answer
from hl7v2_gateway.sending.client import Client, Identity, NotAnswered
from hl7v2_gateway.sending.directory import Directory
from hl7v2_gateway.sending.writing import message_for

log = logging.getLogger(__name__)

MOST_ERRORS: Final = 8
"""How often a message is sent that the receiver answers with an error of its own."""


class Waiting(FhirError):
    """The message wasn't taken, and waits; what is behind it waits, too."""


class Delivery:
    """Sends to receivers. One connection for each; the lane of a receiver is in one place."""

    def __init__(self, engine: Engine, directory: Directory) -> None:
        settings = engine.context.settings
        self._engine = engine
        self._directory = directory
        database = engine.context.store.database
        self._sent = SentMessages(database, open_keyring(settings, database))
        self._egress = egress_of(settings.allow_local_addresses, settings.reachable_inside)
        self._identity = Identity(
            settings.hl7v2_client_certificate, settings.hl7v2_client_key, settings.hl7v2_receiver_ca
        )
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()

    def act(self, item: Item) -> None:
        """Do what an item says; raises when it is to be tried again."""
        receiver = self._directory.named(item.lane)
        if receiver is None:
            # Somebody has ended it: what waits for it is for nobody.
            log.info("hl7v2_no_receiver", extra={"receiver": item.lane, "item": item.id})
            return
        message = self._message(receiver, item)
        if message is None or message.head.state not in {"waiting", "stopped"}:
            return
        if message.head.state == "stopped":
            raise Waiting(f"{receiver.id} has rejected a message and waits for an operator")
        self._deliver(receiver, message)

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def _message(self, receiver: Receiver, item: Item) -> Sent | None:
        """The message of an item, which is made when it is looked at for the first time."""
        if "sent" in item.content:
            return self._sent.find(item.content["sent"])
        id_ = self._sent.of_item(item.id)
        if id_ is None:
            try:
                made = message_for(self._engine, self._directory, receiver, item)
            except Unsendable as error:
                raise GiveUp(str(error)) from error
            except Invalid as error:
                # Somebody has to mend the receiver; nothing is lost until then.
                raise Waiting(str(error)) from error
            if made is None:
                return None
            id_ = self._sent.keep(made)
        return self._sent.find(id_)

    def _deliver(self, receiver: Receiver, message: Sent) -> None:
        head = message.head
        client = self._client(receiver)
        try:
            answer, raw = client.send(message.raw, head.control)
        except NotAnswered as error:
            self._sent.note(head.id, "waiting", reason=str(error))
            raise Waiting(str(error)) from error
        verdict = answer.verdict
        if verdict == "again" and head.attempts + 1 < MOST_ERRORS:
            self._sent.note(head.id, "waiting", code=answer.code, reason=answer.reason, ack=raw)
            raise Waiting(f"the receiver answered {answer.reason}")
        if verdict == "accepted":
            self._sent.note(head.id, "accepted", code=answer.code, ack=raw)
            log.info("hl7v2_sent", extra={"receiver": receiver.id, "control_id": head.control})
            return
        self._rejected(receiver, message, answer, raw)

    def _rejected(self, receiver: Receiver, message: Sent, answer: Answer, raw: bytes) -> None:
        stops = receiver.after_rejection == "stop"
        state: State = "stopped" if stops else "rejected"
        self._sent.note(message.head.id, state, code=answer.code, reason=answer.reason, ack=raw)
        extra = {"receiver": receiver.id, "control_id": message.head.control}
        log.error("hl7v2_rejected", extra={**extra, "reason": answer.reason})
        if stops:
            raise Waiting(f"the receiver rejected a message with {answer.reason}")
        raise GiveUp(f"the receiver rejected it with {answer.reason}")

    def _client(self, receiver: Receiver) -> Client:
        with self._lock:
            known = self._clients.get(receiver.id)
            if known is None or known.receiver != receiver:
                if known is not None:
                    known.close()
                known = self._clients[receiver.id] = Client(receiver, self._egress, self._identity)
            return known
