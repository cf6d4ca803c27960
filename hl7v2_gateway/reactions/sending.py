"""Sending as a reaction: one reader of the change log, and a lane for each receiver."""

from __future__ import annotations

from typing import Final

from fhirserver.engine import Engine
from fhirserver.reactions import Reaction, Reader, Worker, reactions
from fhirserver.sent_messages import TOPIC
from hl7v2_gateway.sending.choosing import chosen
from hl7v2_gateway.sending.delivery import Delivery
from hl7v2_gateway.sending.directory import Directory

READER: Final = "hl7v2.send"
LONGEST_DELAY: Final = 60.0
"""A receiver that is there again gets what waits within so many seconds."""
WITHOUT_END: Final = 2_000_000_000
"""What can't be delivered holds up its receiver: Delivery decides when it is given up."""
THREADS: Final = 4
"""For receivers that answer quickly; others wait for the slow."""
LEASE_SECONDS: Final = 300.0


@reactions.register("hl7v2.send")
def reaction(engine: Engine) -> Reaction:
    """Choosing and sending: a receiver that is slow takes one thread, and delays nobody else."""
    directory = Directory(engine)
    return Reaction(
        readers=[Reader(READER, chosen(directory))],
        workers=[
            Worker(
                TOPIC,
                Delivery(engine, directory).act,
                threads=THREADS,
                waiting=engine.context.settings.hl7v2_receivers_at_once,
                lanes=1,
                most_attempts=WITHOUT_END,
                lease_seconds=LEASE_SECONDS,
                longest_delay=LONGEST_DELAY,
            )
        ],
    )
