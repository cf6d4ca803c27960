"""Searches by what codes mean, over HTTP."""

from __future__ import annotations

import pytest

from tests.answers import refused

SYSTEM = "http://example.org/kinds"
KINDS = {
    "resourceType": "CodeSystem",
    "url": SYSTEM,
    "status": "active",
    "content": "complete",
    "hierarchyMeaning": "is-a",
    "concept": [{"code": "pain", "concept": [{"code": "headache", "concept": [{"code": "migraine"}]}]},
                {"code": "fever"}],
}  # fmt: skip
PAINS = {
    "resourceType": "ValueSet",
    "id": "pains",
    "url": "http://example.org/ValueSet/pains",
    "status": "active",
    "compose": {
        "include": [
            {"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "pain"}]}
        ]
    },
}


@pytest.fixture
def conditions(client):
    """One Condition of each kind."""
    client.put("/fhir/CodeSystem/kinds", json={**KINDS, "id": "kinds"})
    client.put("/fhir/ValueSet/pains", json=PAINS)
    for code in ("pain", "headache", "migraine", "fever"):
        body = {
            "resourceType": "Condition",
            "id": f"kind-{code}",
            "subject": {"reference": "Patient/of-kinds"},
            "code": {"coding": [{"system": SYSTEM, "code": code}]},
        }
        client.put(f"/fhir/Condition/kind-{code}", json=body)
    return client


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code:in=http://example.org/ValueSet/pains", {"pain", "headache", "migraine"}),
        ("code:in=ValueSet/pains", {"pain", "headache", "migraine"}),
        ("code:not-in=http://example.org/ValueSet/pains", {"fever"}),
        (f"code:below={SYSTEM}|headache", {"headache", "migraine"}),
        (f"code:above={SYSTEM}|headache", {"headache", "pain"}),
        (f"_filter=code ss {SYSTEM}|headache", {"headache", "migraine"}),
    ],
)
def test_conditions_are_found_by_what_their_codes_mean(conditions, query, expected):
    answer = conditions.get(f"/fhir/Condition?subject=Patient/of-kinds&{query}")

    assert {
        e["resource"]["id"].removeprefix("kind-") for e in answer.json.get("entry", ())
    } == expected


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("code:in=http://example.org/ValueSet/none", 404),
        ("code:in=ValueSet/none", 404),
        (f"code:below={SYSTEM}|horse", 400),
        ("code:below=http://example.org/none|x", 400),
    ],
)
def test_what_is_not_known_is_an_error(conditions, query, status):
    refused(conditions.get(f"/fhir/Condition?{query}"), status)
