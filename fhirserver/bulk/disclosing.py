"""Putting on record whose data an export holds, for the accounting of disclosures.

An AuditEvent for some hundred patients: `Patient/$disclosures` tells each of them of it, and of
nobody else. https://www.ecfr.gov/current/title-45/section-164.528
"""

from __future__ import annotations

from fhirserver import clock, ids
from fhirserver.audit.calling import caller_of
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Event
from fhirserver.bulk.hands import Caller
from fhirserver.storage import disclosed
from fhirserver.storage.audit_events import insert
from fhirserver.storage.database import Connection
from fhirserver.storage.jobs import Job


def record(connection: Connection, caller: Caller, job: Job) -> None:
    """Write down all patients that an export has something of, in the transaction under way."""
    rows = Rows(caller.ctx.site)
    agent = caller_of(caller.principal, None)
    now = int(clock.now().timestamp() * 1000)
    for patients in disclosed.patients(connection, job.id):
        event = Event(
            ids.new(), now, "operation", "E", agent, operation="export", patients=tuple(patients)
        )
        insert(connection, [rows.row(event)])
