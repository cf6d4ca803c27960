"""A reindex whose worker and database are killed."""

from __future__ import annotations

import pytest

from conformance.faults.reindexing import kill_while_reindexing


@pytest.mark.slow
def test_a_reindex_survives_kill_9_of_its_worker_and_of_postgresql(running_server) -> None:
    report = kill_while_reindexing(running_server)

    assert report.wrong == []
    assert 0 < report.done_at_kills[0] < report.done_at_kills[1] < report.ended["total"]
