"""An association that we open: to send instances (C-STORE, C-MOVE), reports and echoes.

with call(peer, [(sop_class, [transfer_syntax])], settings, tls) as association:
    status = association.store(sop_class, instance, transfer_syntax, pieces)
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
from collections.abc import Iterator, Sequence
from typing import Final

from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from dicom_gateway.dimse import negotiating, pdus
from dicom_gateway.dimse.caller import Caller
from dicom_gateway.dimse.command import FIELD, Command
from dicom_gateway.dimse.exchange import Exchange
from dicom_gateway.dimse.problems import Ended, NoContext, ProtocolError, Refused, TooSlow
from dicom_gateway.dimse.service import Context
from dicom_gateway.dimse.wire import Wire
from dicom_gateway.partners import Peer

CONNECT_SECONDS: Final = 15.0
MOST_CONTEXTS: Final = 128

_VERIFICATION: Final = "1.2.840.10008.1.1"

Wanted = Sequence[tuple[str, Sequence[str]]]


class CalledAssociation(Exchange):
    """An association that we have opened. See Exchange for what can be done on it."""

    def echo(self) -> int:
        """C-ECHO: what status was answered."""
        context = self.invoking(_VERIFICATION)
        if context is None:
            raise NoContext("C-ECHO isn't answered there")
        command: Command = {"AffectedSOPClassUID": _VERIFICATION, "CommandField": FIELD["C-ECHO"]}
        status = self.invoke(context, command)
        assert status is not None
        return status

    def release(self) -> None:
        """End it in good order."""
        if not self.is_open:
            return
        # Whether it is answered or not, it is over.
        with contextlib.suppress(Ended, TooSlow):
            self.wire.send(pdus.RELEASE)
            while True:
                # What comes meanwhile has nobody left who asks.
                self.fragment()


@contextlib.contextmanager
def call(
    peer: Peer, wanted: Wanted, caller: Caller, *, as_performer: bool = False
) -> Iterator[CalledAssociation]:
    """Open an association with a peer, for abstract syntaxes in transfer syntaxes each.

    There is a context for every pair, so that each is accepted by itself. `as_performer`: we call
    as SCP, to report. Raises Refused and OSError; what goes wrong later as Exchange does.
    """
    if peer.host is None or peer.port is None:
        raise Refused("the peer has no address to be called at")
    proposed = _contexts(wanted)
    connection = _connected(peer, caller)
    wire = Wire(connection, seconds=caller.seconds)
    try:
        contexts, longest = _associated(wire, peer, proposed, caller, as_performer=as_performer)
        association = CalledAssociation(wire, contexts, longest, seconds=caller.seconds)
        try:
            yield association
            association.release()
        except (Ended, TooSlow):
            raise
        except BaseException:
            with contextlib.suppress(Ended, TooSlow):
                wire.send(pdus.abort(pdus.BY_USER))
            raise
    except (ProtocolError, TooSlow) as error:
        with contextlib.suppress(Ended, TooSlow):
            wire.send(pdus.abort())
        raise Ended(str(error)) from error
    finally:
        wire.close()


def _contexts(wanted: Wanted) -> list[PresentationContext]:
    pairs = dict.fromkeys((a, t) for a, syntaxes in wanted for t in syntaxes)
    found = []
    for id_, (abstract_syntax, transfer_syntax) in zip(
        range(1, 2 * MOST_CONTEXTS, 2), pairs, strict=False
    ):
        context = PresentationContext()
        context.context_id = id_
        context.abstract_syntax = abstract_syntax
        context.transfer_syntax = [transfer_syntax]
        found.append(context)
    return found


def _connected(peer: Peer, caller: Caller) -> socket.socket:
    if peer.is_tls and caller.context is None:
        raise Refused("the peer wants TLS, and no certificate is set to call with")
    connection = socket.create_connection((peer.host, peer.port), CONNECT_SECONDS)
    if not peer.is_tls or caller.context is None:
        return connection
    try:
        secured = caller.context().wrap_socket(connection)
    except BaseException:
        connection.close()
        raise
    shown = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
    if peer.certificates and shown not in peer.certificates:
        secured.close()
        raise Refused("another certificate is shown than the peer's")
    return secured


def _associated(
    wire: Wire,
    peer: Peer,
    proposed: list[PresentationContext],
    caller: Caller,
    *,
    as_performer: bool,
) -> tuple[dict[int, Context], int]:
    wire.send(_request(peer, proposed, caller, as_performer=as_performer))
    wire.wait(caller.seconds)
    wire.need(pdus.HEAD.size)
    head = bytes(wire.take(pdus.HEAD.size))
    kind, length = pdus.HEAD.unpack(head)
    if length > pdus.LARGEST:
        raise ProtocolError("an answer is too long", 6)
    wire.need(length)
    raw = head + bytes(wire.take(length))
    if kind == pdus.ASSOCIATE_RJ:
        raise Refused("the association is rejected")
    if kind != pdus.ASSOCIATE_AC:
        raise Refused("the association isn't answered")
    return _accepted(raw, proposed, as_performer=as_performer)


def _request(
    peer: Peer, proposed: list[PresentationContext], caller: Caller, *, as_performer: bool
) -> bytes:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = negotiating.APPLICATION_CONTEXT
    primitive.calling_ae_title = caller.ae_title
    primitive.called_ae_title = peer.ae_title
    primitive.presentation_context_definition_list = proposed
    classes = dict.fromkeys(str(c.abstract_syntax) for c in proposed)
    roles = [negotiating.role(c, scu=False, scp=True) for c in classes] if as_performer else []
    primitive.user_information = [*negotiating.ourselves(), *roles]
    unit = A_ASSOCIATE_RQ()
    unit.from_primitive(primitive)
    return bytes(unit.encode())


def _accepted(
    raw: bytes, proposed: list[PresentationContext], *, as_performer: bool
) -> tuple[dict[int, Context], int]:
    unit = A_ASSOCIATE_AC()
    try:
        unit.decode(raw)
        primitive = unit.to_primitive()
        results = {c.context_id: c for c in primitive.presentation_context_definition_results_list}
        roles = {
            str(i.sop_class_uid): bool(i.scp_role)
            for i in primitive.user_information
            if isinstance(i, SCP_SCU_RoleSelectionNegotiation)
        }
        longest = primitive.maximum_length_received or 0
    except Exception as error:
        raise ProtocolError("the A-ASSOCIATE-AC can't be read", 6) from error
    found = {}
    for context in proposed:
        result = results.get(context.context_id)
        if result is None or result.result != negotiating.ACCEPTED:
            continue
        uid = str(context.abstract_syntax)
        # Who doesn't answer about the roles, but accepts the context, hears the report all the
        # same as a rule.
        if as_performer and not roles.get(uid, True):
            continue
        assert context.context_id is not None
        syntax = str(next(iter(result.transfer_syntax), context.transfer_syntax[0]))
        found[context.context_id] = Context(
            context.context_id, uid, syntax, performs=False, invokes=True
        )
    return found, longest
