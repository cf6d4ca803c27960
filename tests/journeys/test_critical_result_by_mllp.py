"""A laboratory sends a critical result by MLLP, and the clinician's alert is in the API."""

from __future__ import annotations

import pytest

from conformance.faults.server import Server
from conformance.hl7v2.alerting import alerts

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
