"""Subscriptions as a reaction: one reader of the change log, and a lane for each subscription."""

from __future__ import annotations

from fhirserver.engine import Engine
from fhirserver.interactions.subscribing import QUEUE, READER
from fhirserver.reactions import Reaction, Reader, Worker, reactions
from fhirserver.subscriptions.choosing import chosen
from fhirserver.subscriptions.delivery import Delivery


@reactions.register("subscriptions")
def reaction(engine: Engine) -> Reaction:
    """Choosing and telling. Slow subscribers wait for each other, and delay nobody else."""
    settings = engine.context.settings
    return Reaction(
        readers=[Reader(READER, chosen(engine), at_once=500)],
        workers=[
            Worker(
                QUEUE,
                Delivery(engine).act,
                threads=settings.subscription_threads,
                waiting=settings.subscription_slow_threads,
                lanes=1,
                most_attempts=settings.subscription_attempts + 1,
            )
        ],
    )
