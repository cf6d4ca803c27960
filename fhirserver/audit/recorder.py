"""The recorder of a server: where events go, and what makes AuditEvents of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fhirserver.audit.buffer import Buffer
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Event
from fhirserver.audit.handing_over import HandingOver
from fhirserver.audit.keeping import Keeping
from fhirserver.search.site import site_of
from fhirserver.settings import Settings
from fhirserver.storage.audit_events import EventRow, insert
from fhirserver.storage.database import Database

FOLDER: Final = "audit"
"""Where in the data directory events wait for the database."""


class Recorder:
    """Keeps what has happened; one in each process.

    With `hands_over` another process writes the events of reads into the database.
    """

    def __init__(self, settings: Settings, database: Database, *, hands_over: bool = False) -> None:
        rows = Rows(site_of(settings))

        def write(events: Sequence[Event]) -> None:
            insert(database, [rows.row(e) for e in events])

        self.base = settings.fhir_base
        self._rows = rows
        folder, more = settings.data_dir / FOLDER, _limits(settings, database)
        is_strict = settings.audit_reads == "strict"
        self.buffer: Keeping = (
            HandingOver(write, folder, **more)
            if hands_over and not is_strict
            else Buffer(write, folder, is_strict=is_strict, **more)
        )

    def add(self, event: Event) -> None:
        """Keep an event that no change to a resource belongs to.

        Raises Unavailable when it can't be kept.
        """
        self.buffer.add(event)

    def row(self, event: Event) -> EventRow:
        """The row of an event that goes into the database with the changes that it is about."""
        return self._rows.row(event)


def _limits(settings: Settings, database: Database) -> dict[str, Any]:
    return {
        "most": settings.audit_most_waiting,
        "fails_open": settings.audit_fail_open,
        "close": database.close,
    }
