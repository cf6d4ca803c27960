"""Processes killed under load; `make conformance` kills each kind several times, over a minute."""

from __future__ import annotations

import pytest

from conformance.faults.kills import KILLS, kill_while_writing


@pytest.mark.slow
@pytest.mark.parametrize("victim", KILLS)
def test_kill_9_loses_nothing_that_was_acknowledged(running_server, victim):
    # A machine that runs tests does other things as well.
    report = kill_while_writing(running_server, KILLS[victim], most_seconds=60)

    assert report.wrong == []
    assert report.tally.acknowledged > 0
