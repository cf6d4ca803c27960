"""Removing the files of jobs whose time is over, and of those that nobody wants any more."""

from __future__ import annotations

from typing import Final

from fhirserver.blobs import Blobs
from fhirserver.storage import jobs
from fhirserver.storage.database import Database

AT_ONCE: Final = 100


def clear(database: Database, blobs: Blobs) -> int:
    """Remove what has expired; how many jobs that were."""
    expired = jobs.expired(database, limit=AT_ONCE)
    for id_ in expired:
        # The objects first: a job that is left over is met again, an object would not be.
        for file in jobs.files(database, id_):
            blobs.delete(file.blob)
        jobs.remove(database, id_)
    return len(expired)
