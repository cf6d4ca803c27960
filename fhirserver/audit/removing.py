"""What the server itself removes because its time is over, on record before it is gone."""

from __future__ import annotations

from fhirserver import clock, ids
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Caller, Event, Touched
from fhirserver.search.site import Site
from fhirserver.storage.audit_events import insert
from fhirserver.storage.database import Database


def record_removal(
    database: Database,
    site: Site,
    operation: str,
    touched: tuple[Touched, ...],
    patients: tuple[str, ...],
) -> None:
    """Write down that what these resources tell of is about to be removed.

    `patients` are ids. Raises Unavailable when that isn't possible: then nothing may be removed.
    """
    event = Event(
        ids.new(),
        int(clock.now().timestamp() * 1000),
        "operation",
        "D",
        Caller(client="fhirserver worker"),
        operation=operation,
        touched=touched,
        patients=patients,
    )
    insert(database, [Rows(site).row(event)])
