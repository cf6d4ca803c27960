"""String search."""

from __future__ import annotations

import pytest

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "van den Berg", "given": ["Éva", "Maria"], "text": "Dr. Eva"}],
    "address": [{"line": ["Main St 1"], "city": "Wien", "postalCode": "1090"}],
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("family=van", True),
        ("family=VAN  DEN", True),
        ("family=berg", False),
        ("family:contains=berg", True),
        ("family:exact=van den Berg", True),
        ("family:exact=van den berg", False),
        ("given=eva", True),
        ("given:exact=Éva", True),
        ("given:exact=Eva", False),
        ("name=maria", True),
        ("name=dr", True),
        ("name=wien", False),
        ("phonetic=maria", True),
        ("address=wien", True),
        ("address=main", True),
        ("address-postalcode=10", True),
        ("name=x,eva", True),
        ("name:missing=true", False),
        ("address-country:missing=true", True),
    ],
)
def test_names_and_addresses_are_found_by_their_beginnings(found, query, expected):
    assert found(PATIENT, query) is expected
