"""From a critical result that comes by MLLP to its alert in the API: how long it takes.

    python -m conformance.hl7v2.alerting --results 20

Everything is real: `fhirserver up` with its listener, worker and web server. A potassium of 7.1
mmol/L is sent as ORU^R01 (HL7 v2.5.1, 7.3.1), and the time goes from its first byte to the first
answer of `GET [base]/Communication` that has the message to the responsible clinician; asked every
50 ms, so that much of a figure may be ours.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import click

from conformance.faults.client import Client
from conformance.faults.server import Server, running, wait_until
from fhirserver import clock, ids, queues
from fhirserver.embedded.roles import listens
from fhirserver.workflows.reaction import READER
from tests.peers.mllp_client import MllpClient

MOST_SECONDS: Final = 2.0
START_SECONDS: Final = 120.0
ASK_SECONDS: Final = 0.05
FACILITY: Final = "ALERTING"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one result: seconds from its first byte to its answer, and to its alert."""

    acknowledged: float
    alerted: float
    communication: dict[str, Any]


def alerts(server: Server, results: int, patience_seconds: float) -> Iterator[Told]:
    """Send so many critical results, each of its own patient, one after the other."""
    application = f"LAB{ids.new()[-8:]}"
    wait_until(listens("127.0.0.1", server.mllp_port), START_SECONDS, "the listener is there")
    with server.database() as database:
        wait_until(
            lambda: any(b.name == READER for b in queues.behind(database)),
            START_SECONDS,
            "the worker reads what is written",
        )
    with server.client() as client:
        made = client.send("POST", "Endpoint", _sender(application))
        if made.status != 201:
            raise RuntimeError(f"the sender can't be entered: {made.says}")
        try:
            with MllpClient(server.mllp_port) as peer:
                for number in range(results):
                    yield _told(client, peer, application, number, patience_seconds)
        finally:
            client.send("DELETE", f"Endpoint/{made.json['id']}")


def _told(client: Client, peer: MllpClient, application: str, number: int, patience: float) -> Told:
    mrn = f"{application}-{number}"
    message = result(application, mrn, clock.now())
    began = time.monotonic()
    answer = peer.send(message)
    acknowledged = time.monotonic() - began
    if answer.value("MSA-1") != "AA":
        why = answer.value("ERR-8") or answer.value("MSA-3")
        raise RuntimeError(f"the result got {answer.value('MSA-1')}: {why}")
    found: list[dict[str, Any]] = []

    def is_told() -> bool:
        query = f"Communication?patient.identifier={mrn}&category=alert"
        found[:] = client.send("GET", query).json.get("entry", [])
        return bool(found)

    wait_until(is_told, patience, "the alert is there")
    return Told(acknowledged, time.monotonic() - began, found[0]["resource"])


def result(application: str, mrn: str, at: datetime) -> bytes:
    """A potassium of 7.1 mmol/L, final, taken at that time."""
    now = at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    return (
        f"MSH|^~\\&|{application}|{FACILITY}|FHIR|HOSP|{now}||ORU^R01^ORU_R01|{mrn}|P|2.5.1\r"
        f"PID|1||{mrn}^^^{FACILITY}^MR||Doe^Jane||19600101|F\r"
        f"OBR|1||{mrn}-1^{application}|24320-4^Basic metabolic panel^LN|||{now}"
        f"|||||||||||||||{now}||LAB|F\r"
        "OBX|1|NM|2823-3^Potassium [Moles/volume] in Serum or Plasma^LN||7.1|mmol/L^^UCUM|3.5-5.1"
        f"|HH|||F|||{now}\r"
    ).encode()


def _sender(application: str) -> dict[str, Any]:
    members = {"application": application, "facility": FACILITY}
    return {
        "resourceType": "Endpoint",
        "status": "active",
        "name": application,
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "hl7v2-mllp",
        },
        "payloadType": [{"text": "HL7 v2"}],
        "address": "mllp://127.0.0.1:2575",
        "extension": [
            {
                "url": "https://fhirserver.example/StructureDefinition/hl7v2-sender",
                "extension": [{"url": u, "valueString": v} for u, v in members.items()],
            }
        ],
    }


@click.command()
@click.option("--results", default=20, show_default=True, help="How many are sent.")
def main(results: int) -> None:
    """Measure how long alerts take; the status is 1 when the median is over two seconds."""
    with running() as server:
        told = list(alerts(server, results, 60.0))
    took = sorted(t.alerted for t in told)
    answered = statistics.median(t.acknowledged for t in told)
    median = statistics.median(took)
    click.echo(
        f"{results} critical results: acknowledged after {answered:.3f} s (median); alert after "
        f"{median:.3f} s (median), {took[0]:.3f} to {took[-1]:.3f} s; wanted under {MOST_SECONDS} s"
    )
    raise SystemExit(median >= MOST_SECONDS)


if __name__ == "__main__":
    main()
