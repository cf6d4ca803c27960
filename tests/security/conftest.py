"""The people, apps and charts that the checklists of SMART have, for those who attack them."""

from __future__ import annotations

import pytest

from tests.oauth.people import a_user, ada, browser, connected  # noqa: F401 - fixtures
from tests.smart.conftest import (  # noqa: F401 - fixtures
    chart,
    doctor,
    hashed,
    make_chart,
    make_smart_app,
    make_user,
    patient,
)
from tests.smart.dance import dancer


@pytest.fixture
def app_of(app, database):
    """A client of this kind, with a user who does the dance of SMART with it."""
    return lambda kind="public", **more: dancer(app, database, kind, **more)
