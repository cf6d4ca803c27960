"""What an association is opened with."""

from __future__ import annotations

import pytest
from pynetdicom.pdu import A_ASSOCIATE_AC
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
)

from dicom_gateway.dimse import negotiating
from dicom_gateway.dimse.negotiating import agreed, proposal
from dicom_gateway.dimse.problems import ProtocolError
from dicom_gateway.dimse.storage_classes import REGISTERED, TRANSFER_SYNTAXES
from dicom_gateway.partners import Peer
from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.peers import CT, OURS, a_proposal, associate

SENDER = Peer("1", "CT", "CT", may=frozenset(["store", "get"]))
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
PRIVATE = "1.3.46.670589.5.0.1.1"


def answered(*contexts: tuple[str, list[str]], items: tuple[object, ...] = (), peer: Peer = SENDER):
    """The A-ASSOCIATE-AC, read by pynetdicom, and what we keep of it."""
    agreement = agreed(proposal(a_proposal("CT", contexts, *items)), peer)
    unit = A_ASSOCIATE_AC()
    unit.decode(agreement.answer)
    return unit.to_primitive(), agreement


def items_of(answer, kind):
    return [i for i in answer.user_information if isinstance(i, kind)]


def test_the_first_known_transfer_syntax_is_accepted() -> None:
    answer, _ = answered((CT, [PRIVATE, EXPLICIT, IMPLICIT]))

    assert answer.presentation_context_definition_results_list[0].transfer_syntax == [EXPLICIT]


def test_an_unknown_transfer_syntax_is_accepted_when_there_is_no_other() -> None:
    answer, _ = answered((CT, [PRIVATE]))

    assert answer.presentation_context_definition_results_list[0].transfer_syntax == [PRIVATE]


@pytest.mark.parametrize(
    ("sop_class", "result"),
    [(PRIVATE, 0), ("1.2.840.10008.5.1.4.1.1.999.1", 0), ("1.2.840.10008.5.1.4.1.2.9.9", 3),
     ("1.2.840.10008.5.1.1.9", 3)],
)  # fmt: skip
def test_classes_of_vendors_and_later_ones_are_stored_and_other_services_refused(
    sop_class: str, result: int
) -> None:
    answer, _ = answered((sop_class, [EXPLICIT]))

    assert answer.presentation_context_definition_results_list[0].result == result


def test_who_may_not_store_gets_no_storage() -> None:
    answer, agreement = answered((CT, [EXPLICIT]), peer=Peer("1", "CT", "CT"))

    assert answer.presentation_context_definition_results_list[0].result == 3
    assert not agreement.contexts


def test_roles_are_selected_for_who_retrieves_by_c_get() -> None:
    role = negotiating.role(CT, scu=True, scp=True)

    answer, agreement = answered((CT, [EXPLICIT]), items=(role,))

    (item,) = items_of(answer, SCP_SCU_RoleSelectionNegotiation)
    assert (item.scu_role, item.scp_role) == (True, True)
    assert agreement.contexts[1].invokes


def test_one_operation_at_a_time_is_agreed_on() -> None:
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = 8
    window.maximum_number_operations_performed = 8

    answer, _ = answered((CT, [EXPLICIT]), items=(window,))

    assert not items_of(answer, AsynchronousOperationsWindowNegotiation)


def test_extended_negotiation_of_storage_says_that_all_is_kept() -> None:
    extended = SOPClassExtendedNegotiation()
    extended.sop_class_uid = CT
    extended.service_class_application_information = b"\2\0\1\0\1\0"
    common = SOPClassCommonExtendedNegotiation()
    common.sop_class_uid = CT
    common.service_class_uid = "1.2.840.10008.4.2"

    answer, _ = answered((CT, [EXPLICIT]), items=(extended, common))

    (item,) = items_of(answer, SOPClassExtendedNegotiation)
    assert item.service_class_application_information == b"\2\0\3\0\0\0"


@pytest.mark.parametrize("cut", [11, 60, 75, 80, 100, 150])
def test_a_proposal_that_is_cut_off_is_a_protocol_error(cut: int) -> None:
    with pytest.raises(ProtocolError):
        proposal(a_proposal("CT", ((CT, [EXPLICIT]),))[:cut])


def test_every_storage_class_is_accepted_in_every_transfer_syntax(
    listening: Listening, sender: str
) -> None:
    """As the conformance statement promises: an association for every 128 pairs."""
    pairs = [(c, t) for c in sorted(REGISTERED) for t in TRANSFER_SYNTAXES]
    refused = []

    for at in range(0, len(pairs), 128):
        contexts = tuple((c, [t]) for c, t in pairs[at : at + 128])
        agreement = agreed(proposal(a_proposal(sender, contexts)), SENDER)
        found = agreement.contexts.values()
        refused += set(pairs[at : at + 128]) - {
            (c.abstract_syntax, c.transfer_syntax) for c in found
        }
    association = associate(listening.port, sender, *[(c, [t]) for c, t in pairs[::61][:128]])
    accepted = {(c.abstract_syntax, c.transfer_syntax[0]) for c in association.accepted_contexts}
    association.release()

    assert len(pairs) >= 170 * 45
    assert refused == []
    assert accepted == set(pairs[::61][:128])


@pytest.mark.parametrize(
    ("calling", "called", "reason"),
    [(None, "ELSEWHERE", 7), ("NOBODY-KNOWN", OURS, 3)],
)
def test_strangers_and_who_calls_another_title_are_rejected(
    listening: Listening, sender: str, calling: str | None, called: str, reason: int
) -> None:
    association = associate(listening.port, calling or sender, called=called)

    assert association.is_rejected
    answer = association.acceptor.primitive
    assert (answer.result, answer.result_source, answer.diagnostic) == (1, 1, reason)
