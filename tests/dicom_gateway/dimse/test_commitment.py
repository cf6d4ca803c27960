"""Storage commitment: what is said to be kept has been read again from the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation

from conformance.loopback import unused_port
from fhirserver.instances import Promised
from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.peers import CT, OURS, an_ae_title, an_instance

PUSH_MODEL = "1.2.840.10008.1.20.1"
PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1.1"


@dataclass
class Modality:
    """Stores, asks, and hears reports on the same association or on one that is opened to it."""

    ae_title: str
    port: int
    heard: list[tuple[int, Dataset]] = field(default_factory=list)
    is_told: threading.Event = field(default_factory=threading.Event)
    status: int = 0x0000

    @property
    def handlers(self) -> list[Any]:
        return [(evt.EVT_N_EVENT_REPORT, self.hear), (evt.EVT_PDU_SENT, self.answered)]

    def hear(self, event: Any) -> tuple[int, None]:
        self.heard.append((event.event_type, event.event_information))
        return self.status, None

    def answered(self, event: Any) -> None:
        # Who released the association before the report is answered couldn't answer it any more.
        if self.heard and isinstance(event.pdu, P_DATA_TF):
            self.is_told.set()

    def told(self) -> tuple[int, Dataset]:
        assert self.is_told.wait(60), "no report has come"
        return self.heard[-1]

    @contextmanager
    def associated(self, port: int) -> Iterator[Any]:
        ae = AE(ae_title=self.ae_title)
        ae.add_requested_context(CT)
        ae.add_requested_context(PUSH_MODEL)
        association = ae.associate("127.0.0.1", port, ae_title=OURS, evt_handlers=self.handlers)
        assert association.is_established
        yield association
        association.release()


Make = Callable[..., Modality]


@pytest.fixture
def modality(enter: Callable[..., str]) -> Iterator[Modality]:
    """A modality that is entered with the port that it listens on."""
    title, port = an_ae_title(), unused_port()
    made = Modality(title, port)
    enter(title, may=["store", "commit"], port=port)
    ae = AE(ae_title=title)
    ae.add_supported_context(PUSH_MODEL, scu_role=True, scp_role=True)
    server = ae.start_server(("127.0.0.1", port), block=False, evt_handlers=made.handlers)
    yield made
    server.shutdown()


def asked(association: Any, *instances: Dataset) -> tuple[int, str]:
    """The status that a question is answered with, and the UID of its transaction."""
    dataset = Dataset()
    dataset.TransactionUID = generate_uid()
    dataset.ReferencedSOPSequence = []
    for instance in instances:
        item = Dataset()
        item.ReferencedSOPClassUID = instance.SOPClassUID
        item.ReferencedSOPInstanceUID = instance.SOPInstanceUID
        dataset.ReferencedSOPSequence.append(item)
    status, _ = association.send_n_action(dataset, 1, PUSH_MODEL, PUSH_MODEL_INSTANCE)
    return status.Status, dataset.TransactionUID


def test_what_is_kept_is_committed_to_on_the_same_association(
    listening: Listening, modality: Modality
) -> None:
    instances = [an_instance(), an_instance()]

    with modality.associated(listening.port) as association:
        for instance in instances:
            assert association.send_c_store(instance).Status == 0x0000
        status, transaction = asked(association, *instances)
        kind, report = modality.told()

    assert (status, kind) == (0x0000, 1)
    assert report.TransactionUID == transaction
    named = {i.ReferencedSOPInstanceUID for i in report.ReferencedSOPSequence}
    assert named == {i.SOPInstanceUID for i in instances}
    assert "FailedSOPSequence" not in report


def test_what_was_committed_to_is_not_removed_silently(
    listening: Listening, modality: Modality
) -> None:
    instance = an_instance()

    with modality.associated(listening.port) as association:
        association.send_c_store(instance)
        asked(association, instance)
        modality.told()

    with pytest.raises(Promised):
        listening.instances.delete(instance.StudyInstanceUID)


def test_who_has_hung_up_is_called_back(listening: Listening, modality: Modality) -> None:
    instance = an_instance()

    with modality.associated(listening.port) as association:
        association.send_c_store(instance)
    ae = AE(ae_title=modality.ae_title)
    ae.add_requested_context(PUSH_MODEL)
    # Nobody hears reports on this one: the answer to them is a failure.
    association = ae.associate("127.0.0.1", listening.port, ae_title=OURS)
    status, transaction = asked(association, instance)
    association.release()
    kind, report = modality.told()

    assert (status, kind) == (0x0000, 1)
    assert report.TransactionUID == transaction


def test_one_byte_that_has_changed_on_the_disk_is_a_failure(
    listening: Listening, modality: Modality
) -> None:
    whole, damaged, unknown = an_instance(size=200_000), an_instance(size=200_000), an_instance()

    with modality.associated(listening.port) as association:
        for instance in (whole, damaged):
            assert association.send_c_store(instance).Status == 0x0000
        _flip(listening, damaged.SOPInstanceUID)
        asked(association, whole, damaged, unknown)
        kind, report = modality.told()

    assert kind == 2
    assert [i.ReferencedSOPInstanceUID for i in report.ReferencedSOPSequence] == [
        whole.SOPInstanceUID
    ]
    failures = {i.ReferencedSOPInstanceUID: i.FailureReason for i in report.FailedSOPSequence}
    assert failures == {damaged.SOPInstanceUID: 0x0110, unknown.SOPInstanceUID: 0x0112}


def _flip(listening: Listening, uid: str) -> None:
    kept = listening.instances.instance(uid)
    assert kept is not None
    path = listening.instances.files.path(kept.object)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(raw)


def test_an_instance_of_another_class_is_a_failure(
    listening: Listening, modality: Modality
) -> None:
    instance, claimed = an_instance(), Dataset()
    claimed.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    claimed.SOPInstanceUID = instance.SOPInstanceUID

    with modality.associated(listening.port) as association:
        association.send_c_store(instance)
        asked(association, claimed)
        kind, report = modality.told()

    assert kind == 2
    assert report.FailedSOPSequence[0].FailureReason == 0x0119


def test_a_report_is_tried_again_after_the_modality_was_away(
    listening: Listening, enter: Callable[..., str]
) -> None:
    """And by another process: the question is on record."""
    title, port, instance = an_ae_title(), unused_port(), an_instance()
    enter(title, may=["store", "commit"], port=port)
    modality = Modality(title, port)
    ae = AE(ae_title=title)
    ae.add_requested_context(CT)
    ae.add_requested_context(PUSH_MODEL)
    association = ae.associate("127.0.0.1", listening.port, ae_title=OURS)
    association.send_c_store(instance)
    asked(association, instance)
    association.release()

    heard = AE(ae_title=title)
    heard.add_supported_context(PUSH_MODEL, scu_role=True, scp_role=True)
    server = heard.start_server(("127.0.0.1", port), block=False, evt_handlers=modality.handlers)
    try:
        assert modality.told()[0] == 1
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("instance", "action", "status"),
    [("1.2.3", 1, 0x0112), (PUSH_MODEL_INSTANCE, 2, 0x0123), (PUSH_MODEL_INSTANCE, 1, 0x0115)],
)
def test_what_is_asked_otherwise_is_refused(
    listening: Listening, modality: Modality, instance: str, action: int, status: int
) -> None:
    empty = Dataset()
    empty.TransactionUID = generate_uid()

    with modality.associated(listening.port) as association:
        answer, _ = association.send_n_action(empty, action, PUSH_MODEL, instance)

    assert answer.Status == status


def test_who_may_not_commit_gets_no_context_for_it(
    listening: Listening, enter: Callable[..., str]
) -> None:
    ae = AE(ae_title=enter(may=["store"]))
    ae.add_requested_context(CT)
    ae.add_requested_context(PUSH_MODEL)
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid, role.scu_role, role.scp_role = PUSH_MODEL, True, True

    association = ae.associate("127.0.0.1", listening.port, ae_title=OURS, ext_neg=[role])
    accepted = [c.abstract_syntax for c in association.accepted_contexts]
    association.release()

    assert accepted == [CT]
