"""When the record of the demo hospital ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fhirserver.demo import moment
from fhirserver.loader.demo_hospital import last_morning


@pytest.mark.parametrize("hour", range(24))
def test_it_ends_within_the_last_day_and_never_in_the_future(hour):
    now = datetime(2026, 11, 30, hour, 30, tzinfo=UTC)

    ends = moment.now(last_morning(now))

    assert now - timedelta(days=1) < ends <= now
