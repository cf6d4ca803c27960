"""Every few seconds: make the index of search parameters that were added.

The jobs lie in PostgreSQL; a worker that dies loses one batch, and several share the types.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Final

from celery import current_app, shared_task

from fhirserver.engine import Engine, Seals
from fhirserver.storage.database import Database
from fhirserver.storage.reindex import work
from fhirserver.storage.reindex_jobs import open_jobs
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

# So long a worker's other tasks may have one thread less, before the next message comes.
SECONDS: Final = 60.0

# One thread of a worker at most: the others are for what can't wait.
_turn = threading.Lock()


@shared_task(name="reindex")
def reindex() -> None:
    if not _turn.acquire(blocking=False):
        return
    database = Database(current_app.conf[DATABASE_URL])
    try:
        if open_jobs(database):
            # It makes index values and no page links.
            seals = Seals(bytes.decode, str.encode)
            engine = Engine(current_app.conf[SETTINGS], database, seals)
            work(engine.own_context.store, seconds=SECONDS)
    finally:
        database.close()
        _turn.release()


SCHEDULE.register("reindex")(Periodic("reindex", timedelta(seconds=10)))
