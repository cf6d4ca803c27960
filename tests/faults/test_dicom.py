"""The listener is killed while DICOM instances come: none is lost, halved or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.faults.dicom import a_listener, ran

INSTANCES = 400


@pytest.mark.slow
def test_every_instance_that_was_answered_with_success_is_whole_and_listed(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    with a_listener(tmp_path) as listener:
        outcome = ran(listener, INSTANCES, kills=4)

    assert outcome.wrong == []
    assert len(outcome.answered) == INSTANCES
    assert outcome.kills > 0
