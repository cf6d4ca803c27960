"""Doing what is due of a job: the part that is next, unless it has been done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from fhirserver.bulk.exporting import export_part
from fhirserver.bulk.hands import Hands
from fhirserver.bulk.importing import import_part
from fhirserver.errors import FhirError, KeyUnavailable, Unavailable
from fhirserver.queues import GiveUp, Item
from fhirserver.storage import jobs
from fhirserver.storage.jobs import Job, Kind

log = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 6
LEASE_SECONDS: Final = 60.0
_PARTS: Final[Mapping[Kind, Callable[[Hands, Job], None]]] = {
    "export": export_part,
    "import": import_part,
}


def act(hands: Hands, item: Item) -> None:
    """Do a part of a job; a job that can't go on has failed, and says why."""
    job = jobs.find(hands.database, UUID(item.content["job"]))
    if job is None or not job.is_open or job.part != item.content["part"]:
        # It is done, or nobody wants it any more.
        return
    try:
        _PARTS[job.kind](hands, job)
    except (Unavailable, KeyUnavailable):
        if item.attempts >= MOST_ATTEMPTS:
            _fail(hands, job, "the database, a key or a source couldn't be reached for too long")
        raise
    except FhirError as error:
        # It won't be any better next time.
        _fail(hands, job, error.issues[0].text or type(error).__name__)
        raise GiveUp(f"the {job.kind} can't go on: {error.code}") from error
    except Exception:
        if item.attempts >= MOST_ATTEMPTS:
            _fail(hands, job, "the server failed at it, and has written down why")
        raise


def _fail(hands: Hands, job: Job, reason: str) -> None:
    log.error("bulk_job_failed", extra={"job": str(job.id), "kind": job.kind})
    lifetime = hands.lifetime_seconds
    jobs.end(hands.database, job, "failed", lifetime_seconds=lifetime, reason=reason)
