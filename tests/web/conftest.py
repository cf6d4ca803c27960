"""What tests of bad input share."""

from __future__ import annotations

import pytest

from tests.pace import soon

SECONDS = 5.0


@pytest.fixture
def bounded(client):
    """Every refusal is little work, and the server answers afterwards."""
    with soon(SECONDS):
        yield
    assert client.get("/livez").status_code == 200
