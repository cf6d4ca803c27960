"""What became of instances that a sender has asked a commitment for (N-EVENT-REPORT).

Each is read from the disk and hashed again before it is committed to. The report goes over the
association that the question came on while that is open, else over one that we open; until it is
taken, or for some days, at growing distances.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydicom import Dataset
from pydicom.sequence import Sequence as Items
from pynetdicom.dsutils import encode

from dicom_gateway.dimse.calling import call
from dicom_gateway.dimse.command import FIELD, Command
from dicom_gateway.dimse.exchange import Exchange
from dicom_gateway.dimse.gateway import Gateway
from dicom_gateway.dimse.problems import NoContext
from dicom_gateway.dimse.service import EXPLICIT_LITTLE, IMPLICIT_LITTLE, Context
from fhirserver import clock
from fhirserver.instances import Commitment, Instances

if TYPE_CHECKING:
    from dicom_gateway.dimse.server import Server

log = logging.getLogger(__name__)

PUSH_MODEL: Final = "1.2.840.10008.1.20.1"
_INSTANCE: Final = "1.2.840.10008.1.20.1.1"

ALL_KEPT: Final = 1
SOME_MISSING: Final = 2
"""Event types (PS3.4 table J.3-2)."""

PROCESSING_FAILURE: Final = 0x0110
NO_SUCH_INSTANCE: Final = 0x0112
CLASS_CONFLICT: Final = 0x0119

LOOK_SECONDS: Final = 5.0
AT_ONCE: Final = 4
_LEASE_SECONDS: Final = 600.0
_ANSWER_SECONDS: Final = 60.0
_FIRST_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = 3_600.0

Reference = tuple[str, str]
Failure = tuple[str, str, int]


class Reporter:
    """Answers questions of storage commitment, a few at a time."""

    def __init__(self, gateway: Gateway, server: Server) -> None:
        self._gateway = gateway
        self._server = server
        self._instances = gateway.instances
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dicom-commitments", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what is under way."""
        self._stopping.set()
        self._gateway.commitments_due.set()
        self._thread.join(_ANSWER_SECONDS)

    def _run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, "dicom-commitment") as pool:
            while not self._stopping.is_set():
                self._gateway.commitments_due.wait(LOOK_SECONDS)
                self._gateway.commitments_due.clear()
                if self._stopping.is_set():
                    return
                try:
                    due = self._instances.commitments_due(AT_ONCE, _LEASE_SECONDS)
                except Exception:
                    # The database may be there again at the next look.
                    log.exception("dicom_commitments_failed")
                    continue
                if list(pool.map(self._answer, due)):
                    # There may be more than were asked for.
                    self._gateway.commitments_due.set()

    def _answer(self, question: Commitment) -> None:
        try:
            self._report(question)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            self._put_off(question, error)

    def _report(self, question: Commitment) -> None:
        references: list[Reference] = [(a, b) for a, b in question.content["references"]]
        failures = committed(self._instances, references)
        report = Report(question.uid, references, failures)
        if not self._over_the_same(question, report):
            self._over_another(question, report)
        self._instances.end_commitment(question.number)
        log.info(
            "dicom_commitment_reported",
            extra={
                "commitment": question.number,
                "peer": question.sender,
                "kept": len(references) - len(failures),
                "failed": len(failures),
            },
        )

    def _over_the_same(self, question: Commitment, report: Report) -> bool:
        """Whether the association that the question came on is open, and takes the report."""
        if question.content.get("listener") != self._gateway.id:
            return False
        association = self._server.association(question.content["association"])
        if association is None or not association.errand(report):
            return False
        report.over.wait(_ANSWER_SECONDS)
        return report.status == 0

    def _over_another(self, question: Commitment, report: Report) -> None:
        peer = self._gateway.directory.named(question.sender)
        if peer is None:
            raise LookupError("the peer isn't known any more")
        wanted = [(PUSH_MODEL, [EXPLICIT_LITTLE, IMPLICIT_LITTLE])]
        with call(peer, wanted, self._gateway.caller, as_performer=True) as association:
            context = association.invoking(PUSH_MODEL)
            if context is None:
                raise NoContext("the peer doesn't take reports of storage commitment")
            status = association.invoke(context, report.command, report.dataset(context))
        if status != 0:
            raise ValueError("the report is answered with a failure")

    def _put_off(self, question: Commitment, error: Exception) -> None:
        hours = self._gateway.settings.dicom_commitment_hours
        is_over = clock.now() > question.received + timedelta(hours=hours)
        log.warning(
            "dicom_commitment_given_up" if is_over else "dicom_commitment_put_off",
            extra={
                "commitment": question.number,
                "peer": question.sender,
                "error": type(error).__name__,
            },
        )
        if is_over:
            self._instances.end_commitment(question.number, is_reported=False)
            return
        seconds = min(_FIRST_SECONDS * 2 ** (question.attempts - 1), _LONGEST_SECONDS)
        self._instances.put_off_commitment(question.number, seconds)


class Report:
    """A report, and what is answered to it: an errand of an association (see association.py)."""

    def __init__(
        self, transaction: str, references: Sequence[Reference], failures: Sequence[Failure]
    ) -> None:
        self._transaction = transaction
        self._references = references
        self._failures = failures
        self.over = threading.Event()
        self.status: int | None = None

    @property
    def command(self) -> Command:
        """The N-EVENT-REPORT-RQ."""
        return {
            "AffectedSOPClassUID": PUSH_MODEL,
            "CommandField": FIELD["N-EVENT-REPORT"],
            "AffectedSOPInstanceUID": _INSTANCE,
            "EventTypeID": SOME_MISSING if self._failures else ALL_KEPT,
        }

    def dataset(self, context: Context) -> bytes:
        """What is reported (PS3.4 table J.3-2), in the context's transfer syntax."""
        failed = {uid for _, uid, _ in self._failures}
        dataset = Dataset()
        dataset.TransactionUID = self._transaction
        kept = [_item(*pair) for pair in self._references if pair[1] not in failed]
        if kept:
            dataset.ReferencedSOPSequence = Items(kept)
        if self._failures:
            dataset.FailedSOPSequence = Items([_item(*failure) for failure in self._failures])
        raw = encode(dataset, context.transfer_syntax == IMPLICIT_LITTLE, True)
        if raw is None:
            raise ValueError("the report can't be written")
        return raw

    def do(self, association: Exchange) -> None:
        """Send it."""
        context = association.invoking(PUSH_MODEL)
        if context is None:
            self.lost()
        else:
            association.invoke(context, self.command, self.dataset(context), self._answered)

    def lost(self) -> None:
        """The association has ended first."""
        self.over.set()

    def _answered(self, status: int) -> None:
        self.status = status
        self.over.set()


def committed(instances: Instances, references: Iterable[Reference]) -> list[Failure]:
    """Commit to instances: those that can't be, and why. The others aren't removed any more."""
    wanted = list(references)
    failures = failed(instances, wanted)
    bad = {uid for _, uid, _ in failures}
    held = instances.promise([uid for _, uid in wanted if uid not in bad])
    # What was removed while the others were read isn't kept.
    return failures + [
        (sop_class, uid, NO_SUCH_INSTANCE)
        for sop_class, uid in wanted
        if uid not in bad and uid not in held
    ]


def failed(instances: Instances, references: Iterable[Reference]) -> list[Failure]:
    """The instances that can't be committed to, and why (PS3.3 table C.14-1).

    Each is read from the disk, and hashed.
    """
    wanted = list(references)
    known = instances.instances_named([uid for _, uid in wanted])
    found: list[Failure] = []
    for sop_class, uid in wanted:
        row = known.get(uid)
        if row is None:
            found.append((sop_class, uid, NO_SUCH_INSTANCE))
        elif row.sop_class != sop_class:
            found.append((sop_class, uid, CLASS_CONFLICT))
        elif instances.check(row) != "whole":
            log.error("dicom_damaged", extra={"instance": row.number})
            found.append((sop_class, uid, PROCESSING_FAILURE))
    return found


def _item(sop_class: str, uid: str, reason: int | None = None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    if reason is not None:
        item.FailureReason = reason
    return item
