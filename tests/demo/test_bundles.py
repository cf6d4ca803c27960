"""The Bundles as a server receives them: the same again, complete, and unambiguous."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fhirserver.demo import hospital, hospital_bundle, patient_bundle
from fhirserver.demo.identity import uuid


def entries(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bundle["entry"]
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [r for inner in value.values() for r in references(inner)]
    if isinstance(value, list):
        return [r for inner in value for r in references(inner)]
    return []


def test_same_seed_gives_the_same_bytes() -> None:
    first, second = (json.dumps(list(hospital(patients=4))) for _ in range(2))

    assert first == second


def test_another_seed_gives_other_people() -> None:
    assert patient_bundle(3, seed=1) != patient_bundle(3, seed=2)


def test_a_patient_is_the_same_whoever_else_is_made() -> None:
    among_others = list(hospital(patients=9))[8]

    alone = patient_bundle(7)

    assert json.dumps(alone) == json.dumps(among_others)


def test_ids_of_the_hospital_do_not_depend_on_the_day() -> None:
    def practitioners(today: date) -> list[str]:
        bundle = hospital_bundle(patients=2, today=today)
        return [
            e["request"]["url"]
            for e in entries(bundle)
            if e["resource"]["resourceType"] == "Practitioner"
        ]

    assert practitioners(date(2026, 1, 5)) == practitioners(date(2027, 8, 9))


def test_a_datetime_sets_the_hour_at_which_the_record_ends() -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    bundle = patient_bundle(1, today=noon)

    provenance = entries(bundle)[-1]["resource"]
    assert datetime.fromisoformat(provenance["recorded"]) == noon


def test_ids_are_unique_and_are_uuids(demo: Any) -> None:
    named = Counter(
        (e["resource"]["resourceType"], e["resource"]["id"])
        for bundle in demo.bundles
        for e in entries(bundle)
    )
    urls = Counter(e["fullUrl"] for bundle in demo.bundles for e in entries(bundle))

    assert max(named.values()) == 1
    assert max(urls.values()) == 1
    assert all(len(id_) == 36 and id_ == id_.lower() for _, id_ in named)


def test_put_entries_name_their_resource(demo: Any) -> None:
    for bundle in demo.bundles:
        assert bundle["type"] == "transaction"
        for entry in entries(bundle):
            resource = entry["resource"]
            assert entry["request"] == {
                "method": "PUT",
                "url": f"{resource['resourceType']}/{resource['id']}",
            }
            assert entry["fullUrl"] == f"urn:uuid:{resource['id']}"


def test_references_resolve_in_the_hospital_or_the_same_bundle(demo: Any) -> None:
    shared = {e["request"]["url"] for e in entries(demo.hospital)}
    for bundle in demo.bundles:
        known = shared | {e["request"]["url"] for e in entries(bundle)}
        dangling = [r for r in references(bundle) if r not in known]
        assert dangling == []


def test_posted_references_resolve_by_urn_or_by_identifier() -> None:
    bundles = list(hospital(patients=12, style="post"))
    findable = {
        f"{e['resource']['resourceType']}?{e['request']['ifNoneExist']}"
        for e in entries(bundles[0])
    }

    assert len(findable) == len(entries(bundles[0]))
    for number, bundle in enumerate(bundles):
        known = {e["fullUrl"] for e in entries(bundle)} | (findable if number else set())
        assert [r for r in references(bundle) if r not in known] == []
        assert {e["request"]["method"] for e in entries(bundle)} == {"POST"}
        assert number == 0 or not any("ifNoneExist" in e["request"] for e in entries(bundle))


def test_both_styles_hold_the_same_record() -> None:
    put, post = patient_bundle(5, style="put"), patient_bundle(5, style="post")

    assert [e["fullUrl"] for e in entries(put)] == [e["fullUrl"] for e in entries(post)]


def test_far_away_patients_can_be_made_too() -> None:
    bundle = patient_bundle(1_000_000)

    assert len(entries(bundle)) > 50
    assert not any(
        e["resource"].get("status") == "in-progress"
        for e in entries(bundle)
        if e["resource"]["resourceType"] == "Encounter"
    )


@pytest.mark.parametrize("seed", [2, 3])
def test_every_part_plays_with_other_seeds(seed: int) -> None:
    sizes = [len(entries(b)) for b in hospital(seed=seed, patients=30)]

    assert min(sizes) > 50


def test_ids_are_version_8_uuids() -> None:
    made = uuid("anything")

    assert made[14] == "8"
    assert made[19] == "a"
