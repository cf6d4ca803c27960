"""Listener, worker and database are killed while HL7 v2 messages come: none is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.faults.hl7v2 import a_server, ran

MESSAGES = 300


@pytest.mark.slow
def test_every_acknowledged_message_has_one_effect_in_its_order(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    server = a_server(tmp_path)
    server.start()
    try:
        outcome = ran(server, MESSAGES)
    finally:
        server.stop()

    assert outcome.wrong == []
    assert sum(outcome.acknowledged.values()) == MESSAGES
    assert min(outcome.kills[v] for v in ("mllp", "worker", "database")) > 0
