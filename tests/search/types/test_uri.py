"""Uri search."""

from __future__ import annotations

import pytest

from fhirserver.search.types.uri import prefixes


def value_set(url: str):
    return {"resourceType": "ValueSet", "url": url}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("url=http://acme.org/fhir/ValueSet/1", True),
        ("url=http://acme.org/fhir/valueset/1", False),
        ("url=http://acme.org/fhir/ValueSet", False),
        ("url:below=http://acme.org/fhir/ValueSet", True),
        ("url:below=http://acme.org/fhir/", True),
        ("url:below=http://acme.org", True),
        ("url:below=http://acme.org/fhir/ValueSet/1", True),
        ("url:below=http://acme.org/fhir/Val", False),
        ("url:above=http://acme.org/fhir/ValueSet/1/_history/5", True),
        ("url:above=http://acme.org/fhir/ValueSet/2", False),
        ("url:missing=false", True),
    ],
)
def test_addresses_are_found_along_their_paths(found, query, expected):
    assert found(value_set("http://acme.org/fhir/ValueSet/1"), query) is expected


def test_a_urn_is_above_at_its_colons():
    assert prefixes("urn:oid:1.2.3") == ["urn:oid"]
    assert prefixes("urn:uuid:a:b") == ["urn:uuid:a", "urn:uuid"]


def test_a_profile_is_found_with_and_without_its_version(found):
    resource = {"resourceType": "Basic", "meta": {"profile": ["http://h/p|1.0"]}}

    assert found(resource, "_profile=http://h/p")
    assert found(resource, "_profile=http://h/p|1.0")
    assert not found(resource, "_profile=http://h/p|2.0")
