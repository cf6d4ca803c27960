"""Escapes in search values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fhirserver.search.escaping import escape, split, unescape


@given(st.lists(st.text(alphabet="ab,|$\\ "), min_size=1))
def test_escaped_parts_come_back_as_they_were(parts):
    joined = ",".join(escape(p) for p in parts)

    assert [unescape(p) for p in split(joined, ",")] == parts


def test_an_escaped_comma_is_no_alternative(found):
    patient = {"resourceType": "Patient", "name": [{"family": "Smith, the elder"}]}

    assert found(patient, "family=smith\\, the")
    assert found(patient, "family=smith, the")  # "smith" or " the"
    assert not found(patient, "family:exact=Smith, the elder")
    assert found(patient, "family:exact=Smith\\, the elder")
