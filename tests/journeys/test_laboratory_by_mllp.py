"""A laboratory sends a critical result by MLLP, and the clinician's alert is in the API; it asks."""

from __future__ import annotations

import pytest

from conformance.faults.server import Server, wait_until
from conformance.hl7v2.alerting import alerts
from fhirserver import ids
from fhirserver.embedded.roles import listens
from tests.hl7v2_gateway.v2 import a_sender, member
from tests.peers.mllp_client import MllpClient

PATIENCE_SECONDS = 60.0
"""Under two seconds where nothing else runs: `python -m conformance.hl7v2.alerting` measures it."""


@pytest.fixture(scope="module")
def told(running_server: Server):
    return list(alerts(running_server, 2, PATIENCE_SECONDS))


def test_a_critical_potassium_by_mllp_is_told_to_somebody(told) -> None:
    texts = [t.communication["payload"][0]["contentString"] for t in told]

    assert len(texts) == 2
    assert all("Potassium" in text and "7.1" in text for text in texts)


def test_its_acknowledgement_does_not_wait_for_the_alert(told) -> None:
    assert all(t.acknowledged < t.alerted for t in told)


def test_who_asks_the_listener_for_a_patient_is_answered(running_server: Server) -> None:
    asker = f"ASK{ids.new()[-8:]}"
    sender = a_sender("x", member("application", asker), member("address", "127.0.0.1"))
    del sender["id"]
    patient = {"resourceType": "Patient", "name": [{"family": asker, "given": ["Ann"]}]}
    with running_server.client() as client:
        for resource in (sender, patient):
            assert client.send("POST", resource["resourceType"], resource).status == 201
    query = (
        f"MSH|^~\\&|{asker}|WEST|FHIR|HOSP|2026||QBP^Q22^QBP_Q21|{asker}|P|2.5.1\r"
        f"QPD|Q22|t|@PID.5.1^{asker}\rRCP|I\r"
    )
    wait_until(listens("127.0.0.1", running_server.mllp_port), 120, "the listener is there")
    with MllpClient(running_server.mllp_port, seconds=120) as connection:
        answer = connection.send(query.encode())

    assert (answer.value("MSH-9.2"), answer.value("QAK-2")) == ("K22", "OK")
    assert answer.value("PID-5.2") == "Ann"
