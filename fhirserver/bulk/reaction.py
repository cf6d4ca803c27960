"""Exports and imports as a reaction of the worker: their parts come from the queue."""

from __future__ import annotations

from functools import partial

from fhirserver.blobs import Blobs
from fhirserver.bulk.acting import LEASE_SECONDS, MOST_ATTEMPTS, act
from fhirserver.bulk.hands import Hands
from fhirserver.bulk.helpers import Helpers
from fhirserver.engine import Engine
from fhirserver.keys import opening
from fhirserver.objects import open_files
from fhirserver.reactions import Reaction, Worker, reactions
from fhirserver.storage.keys import KeyTables


@reactions.register("bulk")
def reaction(engine: Engine) -> Reaction:
    """One lane at a time, since a part takes seconds."""
    hands = hands_of(engine)
    return Reaction(
        workers=[
            Worker(
                kind,
                partial(act, hands),
                threads=1,
                lanes=1,
                most_attempts=MOST_ATTEMPTS,
                lease_seconds=LEASE_SECONDS,
            )
            for kind in ("export", "import")
        ]
    )


def hands_of(engine: Engine) -> Hands:
    """What jobs are done with on this server."""
    ctx = engine.context
    database, settings = ctx.store.database, ctx.settings
    keyring = opening.keyring(settings, KeyTables(database))
    blobs = Blobs(database, keyring, open_files(settings, "blobs"))
    return Hands(engine, blobs, Helpers(engine, settings.bulk_import_processes))
