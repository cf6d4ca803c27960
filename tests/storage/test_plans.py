"""How PostgreSQL carries out the main families of searches on a table of some size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.builders import a_patient
from tests.storage.test_paging import get, store

ROWS = 30_000
Node = dict[str, Any]


@pytest.fixture(scope="module")
def client(own_client: Any, own_app: Any) -> Any:
    """Observations of three years, the oldest first, a few patients with most of them."""
    random = Random(1)
    store(
        own_client,
        [
            a_patient(
                id=f"p{n}",
                birthDate=f"{random.randint(1930, 2020)}-0{random.randint(1, 9)}-11",
                name=[{"family": f"F{random.randint(1, 300)}"}],
            )
            for n in range(3_000)
        ],
    )
    store(own_client, [an_old_observation(n, random) for n in range(ROWS)])
    own_app.extensions["fhirserver"].context.store.database.write("ANALYZE")
    return own_client


def an_old_observation(number: int, random: Random) -> dict[str, Any]:
    day = 1_000 * number // ROWS + random.randint(0, 10)
    patient = min(int(random.paretovariate(0.7)), 2_999) if number % 2 else random.randrange(3_000)
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final" if random.random() < 0.95 else "amended",
        "code": {"coding": [{"system": "c", "code": f"c{int(random.paretovariate(1)) % 60}"}]},
        "subject": {"reference": f"Patient/p{patient}"},
        "effectiveDateTime": f"{2022 + day // 365}-{day % 365 // 31 + 1:02}-{day % 28 + 1:02}",
        "valueQuantity": {"value": round(random.gauss(100, 20), 1), "unit": "mg"},
    }


def nodes(plan: Node) -> Iterator[Node]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("search", "index"),
    [
        ("Observation?code=c41", "Observation_elements_idx"),
        ("Observation?patient=p2900", "Observation_elements_idx"),
        ("Observation?patient=p2900&code=c1", "Observation_elements_idx"),
        ("Observation?patient=p2900&_sort=-date", "Observation_elements_idx"),
        ("Observation?_sort=-date", "Observation_0"),
        ("Observation?date=2022-02-03", "Observation_0"),
        ("Observation?status=final&date=ge2022-01-05&date=lt2022-01-15", "Observation_0"),
        ("Observation?status=final&date=lt2022-01-15&_sort=-date", "Observation_0"),
        ("Observation?value-quantity=gt180", "Observation_0"),
        ("Observation?value-quantity=gt180&value-quantity=lt181", "Observation_0"),
        ("Observation?code-value-quantity=c3$gt160", "Observation_0"),
        ("Observation?patient.birthdate=1950-03-11", "Observation_elements_idx"),
        ("Patient?family=f77", "Patient_0"),
        ("Patient?family:contains=f77", "Patient_trigrams"),
        ("Patient?birthdate=1950-03", "Patient_0"),
        ("Patient?_has:Observation:patient:date=2022-02-03", "Patient_self_key"),
        ("Patient?_id=p7", "Patient_self_key"),
        ("Observation?_lastUpdated=lt2020", "Observation_updated_key_idx"),
    ],
)
def test_a_search_goes_by_its_index(client, search, index):
    answer = get(client, f"/fhir/{search}&_explain=true")

    plan = json.loads(answer["parameter"][1]["valueString"])[0]["Plan"]
    done = [n for n in nodes(plan) if n["Actual Loops"]]
    big = ("Observation", "ix_date", "ix_number")
    assert index in {n.get("Index Name") for n in done}
    assert [n for n in done if n["Node Type"] == "Seq Scan" and n["Relation Name"] in big] == []


@pytest.mark.slow
def test_a_search_that_most_meet_stops_when_the_page_is_full(client):
    answer = get(client, "/fhir/Observation?status=final&date=ge2022&_explain=true&_count=20")

    plan = json.loads(answer["parameter"][1]["valueString"])[0]["Plan"]
    assert max(n["Actual Rows"] * n["Actual Loops"] for n in nodes(plan)) < 200


@pytest.mark.slow
def test_a_reverse_chain_that_many_meet_asks_the_candidates_that_come_first(client):
    search = "/fhir/Patient?_has:Observation:patient:code=c1&_explain=true&_count=20"
    answer = get(client, search)

    plan = json.loads(answer["parameter"][1]["valueString"])[0]["Plan"]
    assert max(n["Actual Rows"] * n["Actual Loops"] for n in nodes(plan)) < 1_000


@pytest.mark.slow
def test_a_search_that_is_repeated_asks_the_planner_once_and_walks_in_vain_once(
    client, own_app, monkeypatch
):
    database = own_app.extensions["fhirserver"].context.store.database
    statements: list[str] = []
    read = type(database).read

    def spy(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        statements.append(sql)
        return read(self, sql, *arguments, **options)

    monkeypatch.setattr(type(database), "read", spy)
    search = "/fhir/Observation?date=lt2022-11-15&_count=20"

    first = get(client, search)
    asked_first = [s for s in statements if '"Observation"' in s]
    statements.clear()
    second = get(client, search)
    asked_second = [s for s in statements if '"Observation"' in s]

    assert first["entry"] == second["entry"]
    assert [s.startswith("EXPLAIN") for s in asked_first].count(True) == 1
    assert len(asked_first) > 2  # the plan, a walk that found too few, the page
    assert len(asked_second) == 1
