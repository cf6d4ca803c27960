"""https://hl7.org/fhir/R4/search.html#summary and #elements"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused, resources
from tests.builders import an_observation

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">70 kg</div>'


@pytest.fixture
def observation(client):
    tags = {"tag": [{"system": "http://hospital.example", "code": ids.new()}]}
    body = an_observation(
        meta=tags,
        text={"status": "generated", "div": DIV},
        note=[{"text": "a note"}],
        referenceRange=[{"text": "normal"}],
        component=[
            {"code": {"text": "part"}, "valueString": "v", "referenceRange": [{"text": "n"}]}
        ],
        _status={"id": "s1"},
        effectiveDateTime="2024-01-01",
    )
    return client.post("/fhir/Observation", json=body).json


@pytest.fixture(params=["read", "vread", "search", "history"])
def get(request, client, observation):
    """The observation in part, by each way of getting one."""
    id_, tag = observation["id"], observation["meta"]["tag"][0]["code"]
    address = {
        "read": f"/fhir/Observation/{id_}?",
        "vread": f"/fhir/Observation/{id_}/_history/1?",
        "search": f"/fhir/Observation?_tag={tag}&",
        "history": f"/fhir/Observation/{id_}/_history?",
    }[request.param]

    def fetch(query):
        body = done(client.get(address + query))
        return resources(body)[0] if body["resourceType"] == "Bundle" else body

    return fetch


def is_subsetted(resource):
    return any(t.get("code") == "SUBSETTED" for t in resource["meta"]["tag"])


def test_true_has_the_elements_of_the_summary(get, observation):
    part = get("_summary=true")

    assert is_subsetted(part)
    assert part["valueQuantity"] == observation["valueQuantity"]
    assert part["_status"] == {"id": "s1"}
    assert part["component"] == [{"code": {"text": "part"}, "valueString": "v"}]
    assert not {"text", "note", "referenceRange"} & part.keys()


def test_text_has_the_narrative_and_what_is_mandatory(get):
    part = get("_summary=text")

    assert is_subsetted(part)
    assert part["text"]["div"] == DIV
    assert part["status"] == "final"
    assert part["code"]
    assert not {"note", "valueQuantity", "effectiveDateTime"} & part.keys()


def test_data_has_all_but_the_narrative(get, observation):
    part = get("_summary=data")

    assert is_subsetted(part)
    assert part["note"] == observation["note"]
    assert "text" not in part


def test_false_has_everything(get, observation):
    assert get("_summary=false") == observation


def test_elements_has_those_and_what_is_mandatory(get, observation):
    part = get("_elements=value,note")

    assert is_subsetted(part)
    assert part["valueQuantity"] == observation["valueQuantity"]
    assert part["note"] == observation["note"]
    assert part["status"] == "final"
    assert part["id"] == observation["id"]
    assert not {"text", "component", "effectiveDateTime"} & part.keys()


def test_the_tags_that_were_there_stay(get, observation):
    assert get("_summary=true")["meta"]["tag"][0] == observation["meta"]["tag"][0]


def test_count_has_the_total_and_no_entries(client, observation):
    tag = observation["meta"]["tag"][0]["code"]

    bundle = done(client.get(f"/fhir/Observation?_tag={tag}&_summary=count"))

    assert bundle["total"] == 1
    assert "entry" not in bundle


@pytest.mark.parametrize(
    "query", ["_summary=x", "_summary=", "_elements=%3F", "_summary=true&_summary=text"]
)
def test_a_subset_that_is_none_is_refused(client, observation, query):
    refused(client.get(f"/fhir/Observation?{query}"), 400)
    if "?" not in query and "%3F" not in query and "&" not in query:
        refused(client.get(f"/fhir/Observation/{observation['id']}?{query}"), 400)


def test_a_read_in_part_has_the_version_of_the_whole(client, observation):
    answer = client.get(f"/fhir/Observation/{observation['id']}?_summary=true")

    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.json["meta"]["versionId"] == "1"
