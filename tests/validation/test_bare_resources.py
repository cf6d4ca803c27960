"""What has no extensions or local references is held to the same invariants, and fewer places are looked at."""

from __future__ import annotations

import pytest

from fhirserver.model import json
from fhirserver.validation import invariants

PERIOD = {"start": "2026-02-02", "end": "2026-02-01"}
BROKEN = {
    "per-1": {"resourceType": "Encounter", "location": [{"period": PERIOD}]},
    "qty-3": {"resourceType": "Observation", "component": [{"valueQuantity": {"code": "mg"}}]},
    "obs-7": {
        "resourceType": "Observation",
        "code": {"coding": [{"code": "a"}]},
        "valueString": "x",
        "component": [{"code": {"coding": [{"code": "a"}]}}],
    },
    "dom-3": {"resourceType": "Basic", "contained": [{"resourceType": "Patient", "id": "p"}]},
    "pat-1": {"resourceType": "Patient", "contact": [{"gender": "male"}]},
    "tim-1": {
        "resourceType": "MedicationRequest",
        "dosageInstruction": [{"timing": {"repeat": {"duration": 1}}}],
    },
}


@pytest.mark.parametrize("key", BROKEN)
def test_an_invariant_is_found_broken_wherever_it_lies(key: str) -> None:
    resource = BROKEN[key]
    assert invariants.is_bare(json.dump(resource))

    found = invariants.check(resource, bare=True)
    assert found == invariants.check(resource)
    assert any(f.text.startswith(f"{key}:") for f in found)


@pytest.mark.parametrize(
    "text",
    [
        rb'{"extension":[{"url":"u"}]}',
        rb'{"modifierExtension":[{"url":"u"}]}',
        rb'{"_birthDate":{"id":"a"}}',
        rb'{"subject":{"reference":"#p"}}',
        rb'{"\u0065xtension":[{"url":"u"}]}',
    ],
)
def test_what_may_have_extensions_or_refer_into_itself_is_not_taken_for_bare(text: bytes) -> None:
    assert not invariants.is_bare(text)
