"""Bundles to import, copies of them, and what is known of them afterwards."""

from __future__ import annotations

import bz2
import json
import random
from datetime import UTC, datetime
from pathlib import Path

from stub_server import patient_bundle

from conformance.performance import dataset
from conformance.performance.families import build, families
from conformance.performance.families.dates import MAY_MATCH
from conformance.performance.sample import Reservoir, Sample, add_bundle
from conformance.performance.values import ZONE_DOUBT, interval


def test_what_others_rest_on_comes_first(tmp_path: Path) -> None:
    for name in (
        "a.json",
        "0-practitionerInformation1.json",
        "0-hospitalInformation1.json",
        "notes.txt",
    ):
        (tmp_path / name).write_text(json.dumps(patient_bundle(1)))

    found = list(dataset.from_files([tmp_path]))

    assert [b.shared for b in found] == [True, True, False]


def test_files_that_are_no_transaction_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "oracle.json").write_text('{"resourceType": "Parameters"}')
    (tmp_path / "p.json.bz2").write_bytes(bz2.compress(json.dumps(patient_bundle(1)).encode()))

    assert len(list(dataset.from_files([tmp_path]))) == 1


def test_limit_counts_resources() -> None:
    bundles = [
        dataset.Bundle(json.dumps(patient_bundle(n, observations=8)).encode()) for n in range(5)
    ]

    assert len(list(dataset.limited(bundles, 15))) == 2


def test_copy_has_ids_of_its_own_and_keeps_what_it_refers_to() -> None:
    bundle = patient_bundle(1, observations=1)
    elsewhere = "b642b4b7-55d2-37c2-890e-ecd84b2d1c6b"
    bundle["entry"][1]["resource"]["location"] = [
        {"location": {"reference": f"Location?identifier=x|{elsewhere}"}}
    ]
    text = json.dumps(bundle).encode()

    copied = dataset.copy(text, 1)

    urls = [{e["fullUrl"] for e in json.loads(t)["entry"]} for t in (text, copied)]
    assert not urls[0] & urls[1]
    assert json.loads(copied)["entry"][1]["resource"]["subject"]["reference"] in urls[1]
    assert elsewhere.encode() in copied
    assert dataset.copy(text, 2) != copied


def test_imported_resources_are_known_by_the_servers_ids() -> None:
    sample = Sample()
    entries = patient_bundle(1, observations=2)["entry"]

    add_bundle(
        sample,
        entries,
        ["Patient/7", "Encounter/8", "Observation/9", "Observation/10"],
        random.Random(1),
    )

    observation = sample.resources["Observation"][0]
    assert observation["subject"] == {"reference": "Patient/7"}
    assert observation["encounter"] == {"reference": "Encounter/8"}
    assert observation["id"] in {"9", "10"}
    assert sample.at_least["Patient/7", "Observation"] == 2


def test_reservoir_keeps_no_more_than_its_size() -> None:
    reservoir = Reservoir(3, random.Random(1))

    for n in range(50):
        reservoir.offer(Path(str(n)), [])

    assert len(reservoir.kept) == 3
    assert any(int(path.name) > 2 for path, _ in reservoir.kept)


def test_every_family_makes_searches_of_what_is_there_and_misses() -> None:
    sample = Sample()
    for n in range(3):
        bundle = patient_bundle(n)
        for entry in bundle["entry"]:
            r = entry["resource"]
            r["category"] = [{"coding": [{"system": "urn:c", "code": "lab"}]}]
            if r["resourceType"] == "Observation":
                r["component"] = [{"code": r["code"], "valueQuantity": r["valueQuantity"]}]
        more = [
            {
                "fullUrl": f"urn:x:{kind}",
                "resource": bundle["entry"][2]["resource"] | {"resourceType": kind},
            }
            for kind in ("Condition", "MedicationRequest", "Procedure")
        ]
        entries = [*bundle["entry"], *more]
        names = [f"{e['resource']['resourceType']}/{n}-{i}" for i, e in enumerate(entries)]
        add_bundle(sample, entries, names, random.Random(n))

    made = build(sample, seed=1, each=60)

    assert set(made) == set(families)
    assert {
        "string",
        "date",
        "token",
        "quantity",
        "composite",
        "reference",
        "chain",
        "reverse-chain",
    } <= set(made)
    assert all(len(searches) == 60 for searches in made.values())
    assert any(search.hits is False for search in made["token"])
    assert (
        made == build(sample, seed=1, each=60)
        or made.keys() == build(sample, seed=1, each=60).keys()
    )


def test_family_without_values_is_left_out() -> None:
    assert "quantity" not in build(Sample(), seed=1, each=1)


def test_dates_are_intervals() -> None:
    day, instant = interval("2020-02-28"), interval("2020-02-29T00:30:00+01:00")

    assert interval("2020-12")[1] == datetime(2020, 12, 31, 23, 59, 59, 999999, UTC)
    assert day[0] <= instant[0] <= day[1]
    assert MAY_MATCH["eq"](instant, day, ZONE_DOUBT)
    assert not MAY_MATCH["gt"](interval("2019-01-01"), day, ZONE_DOUBT)
