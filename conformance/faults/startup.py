"""What it costs to start: the time to build the application in a fresh process, and its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from conformance.faults.server import Server
from fhirserver import embedded

# One request to each of these types, so that their compiled definitions are in memory.
TYPES: Final = (
    *("Patient", "Observation", "Encounter", "Condition", "Procedure", "MedicationRequest"),
    *("AllergyIntolerance", "Immunization", "DiagnosticReport", "DocumentReference"),
    *("Practitioner", "PractitionerRole", "Organization", "Location", "Appointment", "Schedule"),
    *("Slot", "ServiceRequest", "Coverage", "CarePlan"),
)

_PROBE: Final = """
import json, sys, time
from pathlib import Path
import psutil
began = time.perf_counter()
from fhirserver.app import create_app
from fhirserver.settings import Settings
app = create_app(Settings(database_url=sys.argv[1], data_dir=Path(sys.argv[3])))
built, cpu = time.perf_counter(), time.process_time()
client = app.test_client()
client.environ_base["HTTP_AUTHORIZATION"] = "Bearer " + sys.argv[2]
statuses = []
for name in sys.argv[4:]:
    statuses.append(client.get(f"/fhir/{name}?_count=1").status_code)
    statuses.append(client.post(f"/fhir/{name}", json={"resourceType": name}).status_code)
counting, number = time.process_time(), 0
for n in range(1_000_000):
    number = (number * 31 + n) & 0xFFFFFFFF
print(json.dumps({
    "seconds": built - began,
    "cpu_seconds": cpu,
    "slowness": max(1.0, (time.process_time() - counting) / 0.1),
    "rss_bytes": psutil.Process().memory_info().rss,
    "statuses": statuses,
}))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Time to import and build the application, and memory after a request to each of 20 types.

    `cpu_seconds` counts from the start of Python. `slowness` is how many tenths of a second the same
    process takes for a million steps of a loop: on an ordinary machine that is one, on two threads
    of one core of a busy host four.
    """

    seconds: float
    cpu_seconds: float
    slowness: float
    rss_bytes: int
    statuses: list[int]


def cost(server: Server) -> Cost:
    """Measure a fresh process that does what a web worker does.

    It has its modules compiled, as an installed server has, from the second time on.
    """
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(server.data_dir / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [
            *(sys.executable, "-c", _PROBE),
            *(embedded.connection_url(server.settings), server.token, str(server.data_dir)),
            *TYPES,
        ],
        capture_output=True,
        env=environment,
        text=True,
        check=True,
    )
    return Cost(**json.loads(done.stdout))


def least_cost(server: Server, times: int = 3) -> Cost:
    """The cheapest of several measurements: what else the machine does isn't ours."""
    return min((cost(server) for _ in range(times)), key=lambda c: c.seconds)
