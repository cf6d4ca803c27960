"""The worker seals the record, and removes what is older than it must be."""

from __future__ import annotations

from fhirserver import ids
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Caller, Event
from fhirserver.search.site import Site
from fhirserver.settings import Settings
from fhirserver.storage.audit_events import insert
from fhirserver.storage.database import Database
from fhirserver.tasks import make_celery


def test_the_worker_seals_events_and_keeps_the_young_ones(
    database: Database, database_url: str
) -> None:
    event = Event(ids.new(), 1, "read", "R", Caller(client="test"))
    insert(database, [Rows(Site()).row(event)])
    app = make_celery("memory://", database_url, Settings(database_url=database_url))

    app.tasks["audit_sealing"].apply().get()
    app.tasks["audit_retention"].apply().get()

    sealed = database.read(
        'SELECT count(*) FROM audit.seal s JOIN resource."AuditEvent" r USING (key) WHERE r.id = %s',
        (event.id,),
    )
    assert sealed == [(1,)]
