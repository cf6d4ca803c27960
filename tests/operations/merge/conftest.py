"""Two patients, of whom one is merged into the other."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_patient,
    an_identifier,
)
from tests.operations.merge.calling import stored


@pytest.fixture
def source(client):
    return stored(client, a_patient(identifier=[an_identifier()], active=True))


@pytest.fixture
def target(client):
    return stored(client, a_patient(identifier=[an_identifier()]))
