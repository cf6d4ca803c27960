"""C-STORE: an instance goes from the connection to the disk as it comes.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/chapter_B.html
"""

from __future__ import annotations

import time

from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse.command import Command
from dicom_gateway.dimse.exchange import Exchange
from dicom_gateway.dimse.gateway import Gateway
from dicom_gateway.dimse.limits import SLOW_BYTES_PER_SECOND, SLOW_SECONDS, Limits
from dicom_gateway.dimse.problems import ProtocolError, TooSlow
from dicom_gateway.dimse.recording import Arrivals
from dicom_gateway.dimse.service import Context
from dicom_gateway.intake import Outcome, Reception, Sent
from dicom_gateway.intake.statuses import NO_RESOURCES
from fhirserver.errors import FhirError
from fhirserver.instances import Facts


def receive(
    exchange: Exchange,
    context: Context,
    command: Command,
    sender: tuple[str, str],
    *,
    gateway: Gateway,
    arrivals: Arrivals,
    limits: Limits,
) -> Outcome:
    """Take in the dataset that follows a C-STORE-RQ; what is to be answered.

    `sender` is the id of the peer and the AE title that it gave. Whatever ends the association
    before the dataset is whole, nothing of it stays.
    """
    sent = Sent(
        sop_class=commands.text(command, "AffectedSOPClassUID"),
        instance=commands.text(command, "AffectedSOPInstanceUID"),
        transfer_syntax=context.transfer_syntax,
        peer=sender[0],
        calling=sender[1],
    )
    reception = Reception(gateway.instances, sent, most=limits.instance_bytes)
    begun, size = time.monotonic(), 0
    try:
        for piece in exchange.dataset_pieces(context):
            size += len(piece)
            reception.write(piece)
            if reception.is_far_too_large:
                raise ProtocolError("a dataset is far longer than the limit", 0)
            if time.monotonic() - begun > SLOW_SECONDS and _is_slow(begun, size):
                raise TooSlow("a dataset comes too slowly")
        return _recorded(reception.end(), reception.facts, arrivals)
    finally:
        reception.discard()


def _recorded(outcome: Outcome, facts: Facts | None, arrivals: Arrivals) -> Outcome:
    if outcome.status or facts is None:
        arrivals.refused()
        return outcome
    try:
        arrivals.stored(facts)
    except FhirError:
        # It is kept, but that can't be recorded: the sender sends it again, which is no harm.
        return NO_RESOURCES
    return outcome


def _is_slow(begun: float, size: int) -> bool:
    return size < (time.monotonic() - begun) * SLOW_BYTES_PER_SECOND
