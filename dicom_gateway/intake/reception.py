"""One instance as it comes: written as it is, read as far as its attributes go, kept, answered.

Nothing of it is held but the beginning, until that has been read; nothing is answered with success
before it is on the disk and in the record.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from dicom_gateway.datasets import NeedMore, Unreadable, facts, file_head, is_uid
from dicom_gateway.intake import statuses
from dicom_gateway.intake.statuses import Outcome
from fhirserver.errors import FhirError
from fhirserver.instances import Arrival, Facts, Instances, Upload

log = logging.getLogger(__name__)

_FIRST_LOOK: Final = 4_096
"""So much of a dataset at least before its attributes are looked for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the command says of an instance, and who sends it.

    `peer` is the id of the peer's Endpoint, `calling` the AE title that it gave.
    """

    sop_class: str
    instance: str
    transfer_syntax: str
    peer: str
    calling: str


class Reception:
    """Takes an instance in, piece by piece.

    After `write` has found that it can't be kept, the rest is read and forgotten: the answer comes
    after the dataset, as the standard wants it. `most` is how many bytes it may have.
    """

    def __init__(self, instances: Instances, sent: Sent, *, most: int) -> None:
        self._instances = instances
        self._sent = sent
        self._most = most
        self._size = 0
        self._beginning = bytearray()
        self._wanted = _FIRST_LOOK
        self._facts: Facts | None = None
        self._refused: Outcome | None = None
        self._upload: Upload | None = None
        if not (is_uid(sent.sop_class) and is_uid(sent.instance)):
            self._refused = statuses.BAD_COMMAND
            return
        head = Facts("", "", sent.instance, sent.sop_class, sent.transfer_syntax, {})
        try:
            self._upload = self._instances.begin()
            self._upload.write(file_head(head, sent.calling))
            self._upload.dataset_begins()
        except (FhirError, OSError) as error:
            self._fail(error)

    @property
    def facts(self) -> Facts | None:
        """What it says of itself, once that has been read and agrees with the command."""
        return self._facts

    @property
    def is_far_too_large(self) -> bool:
        """Whether it isn't even worth to read the rest."""
        return self._size > 2 * self._most

    def write(self, piece: memoryview) -> None:
        """Take the next piece of the dataset."""
        self._size += len(piece)
        if self._refused is not None or self._upload is None:
            return
        if self._size > self._most:
            self._refuse(statuses.TOO_LARGE)
            return
        try:
            self._upload.write(piece)
        except (FhirError, OSError) as error:
            self._fail(error)
            return
        if self._facts is None:
            self._beginning += piece
            if len(self._beginning) >= self._wanted:
                self._look(complete=False)

    def end(self) -> Outcome:
        """The dataset is whole: keep it. What is to be answered."""
        if self._refused is None and self._facts is None:
            self._look(complete=True)
        if self._refused is not None or self._upload is None or self._facts is None:
            return self._refused or statuses.NO_RESOURCES
        try:
            self._upload.close()
            # From here on the file is the record's, whatever comes of it.
            upload, self._upload = self._upload, None
            arrival = Arrival(
                upload,
                self._facts,
                sender=self._sent.peer,
                source="dimse",
                caller=self._sent.calling,
            )
            self._instances.keep([arrival])
        except Exception as error:  # noqa: BLE001 - see _fail
            # The modality keeps what isn't answered with success, and sends it again.
            self._fail(error)
            return statuses.NO_RESOURCES
        return statuses.SUCCESS

    def discard(self) -> None:
        """Forget what has come: the association has ended, or it can't be kept."""
        upload, self._upload = self._upload, None
        if upload is not None:
            upload.discard()

    def _look(self, *, complete: bool) -> None:
        """Read the attributes in what has come so far."""
        try:
            found = facts(self._beginning, self._sent.transfer_syntax, complete=complete)
        except NeedMore as more:
            if complete:
                self._refuse(Outcome(statuses.UNREADABLE, "the dataset is cut off"))
            # Twice as much at least, lest a long beginning be read again and again.
            self._wanted = max(more.wanted, 2 * len(self._beginning))
            return
        except Unreadable as error:
            self._refuse(Outcome(statuses.UNREADABLE, str(error), error.tag))
            return
        except (ValueError, LookupError, OverflowError, RecursionError) as error:
            log.warning("dicom_facts_failed", extra={"error": type(error).__name__})
            self._refuse(Outcome(statuses.UNREADABLE, "the dataset can't be read"))
            return
        self._beginning = bytearray()
        if found.sop_class != self._sent.sop_class:
            self._refuse(statuses.OTHER_CLASS)
        elif found.instance != self._sent.instance:
            self._refuse(statuses.OTHER_INSTANCE)
        else:
            self._facts = found

    def _refuse(self, outcome: Outcome) -> None:
        log.info(
            "dicom_refused", extra={"peer": self._sent.peer, "status": f"{outcome.status:04X}H"}
        )
        self._refused = outcome
        self._beginning = bytearray()
        self.discard()

    def _fail(self, error: Exception) -> None:
        # Only of what kind it is: what the database says may hold what the instance says.
        log.error("dicom_not_kept", extra={"peer": self._sent.peer, "error": type(error).__name__})
        self._refused = statuses.NO_RESOURCES
        self._beginning = bytearray()
        self.discard()
