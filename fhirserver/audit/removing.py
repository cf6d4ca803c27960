"""What the server itself removes because its time is over, on record before it is gone."""

from __future__ import annotations

from fhirserver import clock, ids
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Caller, DicomStudy, Event, Touched
from fhirserver.search.site import Site
from fhirserver.storage.audit_events import insert
from fhirserver.storage.database import Database


def record_removal(
    database: Database,
    site: Site,
    operation: str,
    touched: tuple[Touched, ...],
    patients: tuple[str, ...],
    study: str | None = None,
) -> None:
    """Write down that what these resources tell of is about to be removed.

    `patients` are ids, `study` is the UID of a DICOM study that is. Raises Unavailable when that
    isn't possible: then nothing may be removed.
    """
    event = Event(
        ids.new(),
        int(clock.now().timestamp() * 1000),
        "operation" if study is None else "dicom-delete-study",
        "D",
        Caller(client="fhirserver worker"),
        operation=operation,
        touched=touched,
        patients=patients,
        studies=() if study is None else (DicomStudy(study),),
    )
    insert(database, [Rows(site).row(event)])
