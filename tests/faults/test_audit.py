"""Web workers that are killed while they read: what was answered is on record, and once."""

from __future__ import annotations

import contextlib
import time

import psutil
import pytest

from conformance.faults.client import Lost
from conformance.faults.server import Server, wait_until
from fhirserver import ids
from fhirserver.search.hashing import element


@pytest.mark.slow
def test_kill_9_of_web_workers_loses_no_event_of_an_answer(running_server: Server) -> None:
    server, answered = running_server, []
    with server.client() as client:
        made = client.send("POST", "Patient", {"resourceType": "Patient"}).json["id"]
        for _ in range(5):
            for _ in range(40):
                request_id = ids.new()
                with contextlib.suppress(Lost):
                    client.send("GET", f"Patient/{made}", x_request_id=request_id)
                    answered.append(request_id)
            for worker in server.web_workers():
                with contextlib.suppress(psutil.Error):
                    worker.kill()
            server.recovered()

    with server.database() as database:

        def counts() -> set[int]:
            sql = 'SELECT count(*) FROM resource."AuditEvent" WHERE elements @> %s::int8[]'
            return {
                database.read(sql, (f"{{{element('entity', f'i|c|{r}')}}}",))[0][0]
                for r in answered
            }

        wait_until(lambda: 0 not in counts(), 60, "all events are in the database")
        time.sleep(1)
        assert counts() == {1}
    assert len(answered) > 100
