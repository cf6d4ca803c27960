"""Random searches: the server finds what the plain reading of the specification finds."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from fhirserver import clock
from tests.storage.plain_search import MEMBERS, World
from tests.storage.random_queries import Queries
from tests.storage.random_records import Records

SEED = 20_260_101
QUERIES = 3_000
TAG = {"system": "http://tests.example/run", "code": "differential"}
NUMBER = re.compile(r'("(?:value|latitude|longitude)": )"(-?[0-9.]+(?:e[0-9]+)?)"')


@pytest.fixture(scope="module")
def world(own_client):
    """The records, stored, as the server gives them back."""
    stored = []
    for record in Records(SEED).all():
        body = NUMBER.sub(r"\1\2", json.dumps(record))
        answer = own_client.put(
            f"/fhir/{record['resourceType']}/{record['id']}",
            data=body,
            content_type="application/fhir+json",
        )
        assert answer.status_code == 201, answer.text
        stored.append(json.loads(answer.data, parse_float=Decimal))
    return World(stored, clock.now())


def found(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.text)
    return {e["resource"]["id"] for e in answer.json.get("entry", ())}


def test_the_server_finds_what_the_specification_says(own_client, world):
    updated = sorted(r["meta"]["lastUpdated"] for r in world.by_address.values())
    queries = Queries(SEED, [updated[len(updated) // 2], updated[9], updated[0][:10], "2031"])
    wrong, hits = [], 0
    for _ in range(QUERIES):
        kind, pairs = queries.one()
        expected = world.search(kind, pairs)
        url = f"/fhir/{kind}?{urlencode([*pairs, ('_count', '1000')])}"
        ours = found(own_client, url)
        hits += bool(expected)
        if ours != expected:
            wrong.append((kind, pairs, sorted(ours - expected)[:5], sorted(expected - ours)[:5]))

    assert not wrong, "\n".join(map(str, wrong))
    assert hits > QUERIES // 4


@pytest.mark.parametrize("kind", MEMBERS)
def test_compartments_hold_what_refers_to_their_patient(own_client, world, kind):
    for patient in world.by_type["Patient"]:
        url = f"/fhir/Patient/{patient['id']}/{kind}?_count=1000"

        assert found(own_client, url) == world.in_compartment(patient["id"], kind)
