"""What is agreed on when an association is opened: decided here, without a socket.

https://dicom.nema.org/medical/dicom/current/output/chtml/part08/chapter_7.html
https://dicom.nema.org/medical/dicom/current/output/chtml/part07/chapter_D.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassExtendedNegotiation,
)
from pynetdicom.presentation import PresentationContext

from dicom_gateway.datasets import IMPLEMENTATION, IMPLEMENTATION_VERSION
from dicom_gateway.dimse import pdus, storage_classes
from dicom_gateway.dimse.problems import ProtocolError
from dicom_gateway.dimse.service import IMPLICIT_LITTLE, Context, served
from dicom_gateway.partners import Peer

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"

ACCEPTED: Final = 0
NO_ABSTRACT_SYNTAX: Final = 3
NO_TRANSFER_SYNTAX: Final = 4


@dataclass(frozen=True, slots=True)
class Proposal:
    """An A-ASSOCIATE-RQ that could be read."""

    calling: str
    called: str
    application_context: str
    longest: int
    """The longest PDU that the other side takes."""
    implementation: str
    contexts: tuple[tuple[int, str, tuple[str, ...]], ...]
    roles: Mapping[str, tuple[bool, bool]] = field(default_factory=dict)
    """By SOP class: whether the other side proposes to be SCU, and SCP."""
    extended: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an association is refused (PS3.8 table 9-21)."""

    why: str
    result: int
    source: int
    reason: int

    def encoded(self) -> bytes:
        """The A-ASSOCIATE-RJ."""
        primitive = A_ASSOCIATE()
        primitive.result = self.result
        primitive.result_source = self.source
        primitive.diagnostic = self.reason
        unit = A_ASSOCIATE_RJ()
        unit.from_primitive(primitive)
        return bytes(unit.encode())


WRONG_CALLED: Final = Rejection("the called AE title isn't ours", 1, 1, 7)
UNKNOWN_CALLING: Final = Rejection("the calling AE title isn't known there", 1, 1, 3)
WRONG_APPLICATION: Final = Rejection("the application context isn't DICOM's", 1, 1, 2)
CONGESTED: Final = Rejection("there are too many associations", 2, 3, 2)
UNAVAILABLE: Final = Rejection("who may call can't be looked up", 2, 3, 1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What an association is opened with."""

    contexts: Mapping[int, Context]
    extended: Mapping[str, bytes]
    answer: bytes
    """The A-ASSOCIATE-AC."""


def proposal(raw: bytes) -> Proposal:
    """What is proposed. Raises ProtocolError for what can't be read."""
    unit = A_ASSOCIATE_RQ()
    try:
        unit.decode(raw)
        primitive = unit.to_primitive()
        items = primitive.user_information
        return Proposal(
            calling=primitive.calling_ae_title.strip(),
            called=primitive.called_ae_title.strip(),
            application_context=str(primitive.application_context_name or ""),
            longest=primitive.maximum_length_received or 0,
            implementation=str(primitive.implementation_class_uid or ""),
            contexts=tuple(
                (c.context_id or 0, str(c.abstract_syntax), tuple(map(str, c.transfer_syntax)))
                for c in primitive.presentation_context_definition_list
            ),
            roles={
                str(i.sop_class_uid): (bool(i.scu_role), bool(i.scp_role))
                for i in items
                if isinstance(i, SCP_SCU_RoleSelectionNegotiation)
            },
            extended={
                str(i.sop_class_uid): bytes(i.service_class_application_information or b"")
                for i in items
                if isinstance(i, SOPClassExtendedNegotiation)
            },
        )
    except Exception as error:
        # Whatever its decoder stumbles over is the other side's doing.
        raise ProtocolError("the A-ASSOCIATE-RQ can't be read", reason=6) from error


def agreed(proposed: Proposal, peer: Peer) -> Agreement:
    """What we accept of a proposal from this peer."""
    results, contexts = [], {}
    roles: dict[str, tuple[bool, bool]] = {}
    for id_, abstract_syntax, transfer_syntaxes in proposed.contexts:
        result, context = _context(id_, abstract_syntax, transfer_syntaxes, proposed, peer)
        results.append((id_, abstract_syntax, result, context, transfer_syntaxes))
        if context is not None:
            contexts[id_] = context
            if abstract_syntax in proposed.roles:
                scu, scp = proposed.roles[abstract_syntax]
                is_sent = scp and context.invokes and storage_classes.is_storage(abstract_syntax)
                roles[abstract_syntax] = (scu and context.performs, is_sent)
    extended = _extended(proposed, {c.abstract_syntax for c in contexts.values()})
    return Agreement(contexts, extended, _accepting(proposed, results, roles, extended))


def _context(
    id_: int,
    abstract_syntax: str,
    transfer_syntaxes: tuple[str, ...],
    proposed: Proposal,
    peer: Peer,
) -> tuple[int, Context | None]:
    scu, scp = proposed.roles.get(abstract_syntax, (True, False))
    if storage_classes.is_storage(abstract_syntax):
        performs = scu and "store" in peer.may
        # Who retrieves by C-GET is the SCP of what it is sent.
        invokes = scp and "get" in peer.may
        chosen = storage_classes.chosen(transfer_syntaxes)
    else:
        able = served(abstract_syntax)
        permitted = [s for s in able.values() if s.may is None or s.may in peer.may]
        performs = scu and bool(permitted)
        invokes = performs and any(s.invokes for s in permitted)
        readable = {uid for s in permitted for uid in s.transfer_syntaxes}
        chosen = next((uid for uid in transfer_syntaxes if uid in readable), None)
    if not (performs or invokes):
        return NO_ABSTRACT_SYNTAX, None
    if chosen is None:
        return NO_TRANSFER_SYNTAX, None
    return ACCEPTED, Context(id_, abstract_syntax, chosen, performs, invokes)


def _extended(proposed: Proposal, accepted: set[str]) -> dict[str, bytes]:
    found = {}
    for uid, information in proposed.extended.items():
        if uid not in accepted:
            continue
        if storage_classes.is_storage(uid):
            found[uid] = storage_classes.EXTENDED
            continue
        answers = (s.extended for s in served(uid).values() if s.extended is not None)
        answer = next(answers, None)
        if answer is not None:
            found[uid] = answer(information)
    return found


def _accepting(
    proposed: Proposal,
    results: list[tuple[int, str, int, Context | None, tuple[str, ...]]],
    roles: Mapping[str, tuple[bool, bool]],
    extended: Mapping[str, bytes],
) -> bytes:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = APPLICATION_CONTEXT
    primitive.calling_ae_title = proposed.calling
    primitive.called_ae_title = proposed.called
    primitive.result = ACCEPTED
    primitive.result_source = 1
    primitive.presentation_context_definition_results_list = [_result(*each) for each in results]
    primitive.user_information = [*ourselves(), *_roles(roles), *_agreed_further(extended)]
    unit = A_ASSOCIATE_AC()
    unit.from_primitive(primitive)
    return bytes(unit.encode())


def ourselves() -> list[Any]:
    """What we say of ourselves; of several operations at once nothing, which is one at a time."""
    longest = MaximumLengthNotification()
    longest.maximum_length_received = pdus.LARGEST
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = IMPLEMENTATION
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION
    return [longest, implementation, version]


def role(sop_class: str, *, scu: bool, scp: bool) -> SCP_SCU_RoleSelectionNegotiation:
    """A role selection item."""
    item = SCP_SCU_RoleSelectionNegotiation()
    item.sop_class_uid = sop_class
    item.scu_role, item.scp_role = scu, scp
    return item


def _roles(roles: Mapping[str, tuple[bool, bool]]) -> list[Any]:
    return [role(uid, scu=scu, scp=scp) for uid, (scu, scp) in roles.items()]


def _agreed_further(extended: Mapping[str, bytes]) -> list[Any]:
    found = []
    for uid, information in extended.items():
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = uid
        item.service_class_application_information = information
        found.append(item)
    return found


def _result(
    id_: int,
    abstract_syntax: str,
    result: int,
    context: Context | None,
    proposed: tuple[str, ...],
) -> PresentationContext:
    found = PresentationContext()
    found.context_id = id_
    found.result = result
    # One must stand there, significant or not.
    found.transfer_syntax = [
        next(iter(proposed), IMPLICIT_LITTLE) if context is None else context.transfer_syntax
    ]
    return found
