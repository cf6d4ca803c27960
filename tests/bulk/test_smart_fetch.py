"""An independent client of bulk data, as it is published, against a running server.

https://github.com/smart-on-fhir/smart-fetch
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fhirserver import ids
from fhirserver.storage.clients import Client, add_client
from tests.smart.dance import key_pair, public

pytest.importorskip("smart_fetch")

PATIENTS = 30


@pytest.fixture
def service(running_server, tmp_path) -> tuple[str, Path]:
    """A backend service that is registered, and the file of its key."""
    key = key_pair("RS384")
    client = Client(
        id=f"service-{ids.new()}",
        name="Research",
        kind="asymmetric",
        grant_types=("client_credentials",),
        scope="system/*.rs",
        jwks=public(key),
    )
    with running_server.database() as database, database.transaction() as connection:
        add_client(connection, client)
    file = tmp_path / "key.jwks"
    # It takes keys only that say what they are for.
    private = {**json.loads(key.export_private()), "alg": "RS384", "key_ops": ["sign"]}
    file.write_text(json.dumps({"keys": [private]}))
    return client.id, file


@pytest.fixture
def group(running_server) -> str:
    """The id of a group of some patients, each with a condition; others aren't in it."""
    with running_server.client() as client:
        for number in range(PATIENTS + 5):
            patient = {"resourceType": "Patient", "id": f"sf{number}", "gender": "female"}
            client.send("PUT", f"Patient/sf{number}", patient)
            condition = {
                "resourceType": "Condition",
                "id": f"sf{number}",
                "subject": {"reference": f"Patient/sf{number}"},
                "code": {"text": "x"},
            }
            client.send("PUT", f"Condition/sf{number}", condition)
        members = [{"entity": {"reference": f"Patient/sf{n}"}} for n in range(PATIENTS)]
        made = {"resourceType": "Group", "id": "sf", "type": "person", "actual": True}
        answer = client.send("PUT", "Group/sf", {**made, "member": members})
        assert answer.status in (200, 201)
    return "sf"


@pytest.mark.slow
def test_smart_fetch_signs_in_exports_a_group_and_cleans_up(
    running_server, service, group, tmp_path
) -> None:
    client_id, key = service
    into = tmp_path / "out"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "smart_fetch.cli.main", "bulk", str(into)),
            *("--fhir-url", running_server.base, "--group", group),
            *("--smart-client-id", client_id, "--smart-key", str(key)),
            *("--type", "Patient,Condition", "--no-compression", "--verbose"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    for resource_type in ("Patient", "Condition"):
        found = [
            json.loads(line)
            for file in into.glob(f"*{resource_type}*.ndjson")
            for line in file.read_text().splitlines()
        ]
        assert sorted(r["id"] for r in found) == sorted(f"sf{n}" for n in range(PATIENTS))
        assert {r["resourceType"] for r in found} == {resource_type}
    log = [json.loads(line) for line in (into / "log.ndjson").read_text().splitlines()]
    events = [e["eventId"] for e in log]
    assert events[0] == "kickoff"
    assert events[-1] == "export_complete"
    with running_server.client() as client:
        where = next(e["exportId"] for e in log)
        assert client.send("GET", where.partition("/fhir/")[2]).status == 404
