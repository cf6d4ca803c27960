"""Search by position."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid

VIENNA = {"resourceType": "Location", "position": {"latitude": 48.2082, "longitude": 16.3738}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("48.2|16.37|2|km", True),
        ("48.2|16.37|2", True),
        ("48.2|16.37", True),
        ("48.2|16.37|500|m", False),
        ("48.2|16.37|1|[mi_us]", True),
        ("47.07|15.44|100|km", False),
        ("47.07|15.44|200|km", True),
    ],
)
def test_a_place_is_near_within_the_distance(found, value, expected):
    assert found(VIENNA, f"near={value}") is expected


@pytest.mark.parametrize(
    "value", ["48.2", "a|b", "91|0", "0|181", "1|1|-1", "1|1|1|parsec", "1|nan"]
)
def test_what_is_no_position_is_refused(search, value):
    with pytest.raises(Invalid, match="near"):
        search(f"Location?near={value}")
