"""What it costs to start. The measured figures are in conformance/faults/README.md."""

from __future__ import annotations

import pytest

from conformance.faults import startup
from conformance.faults.server import running

# A machine that runs tests does other things as well.
GENEROUS = 2


def test_a_web_worker_starts_within_a_second_and_150_megabytes(running_server):
    cost = startup.least_cost(running_server)

    assert set(cost.statuses) <= {200, 201, 400}
    assert cost.cpu_seconds < 1.0 * GENEROUS * cost.slowness
    assert cost.rss_bytes < 150e6 * GENEROUS


@pytest.mark.slow
def test_the_second_start_takes_less_than_10_seconds():
    with running() as server:
        server.stop()

        # By the clock, in which all that the machine does counts; `startup` measures it alone.
        assert server.start() < 10.0 * 2 * GENEROUS
