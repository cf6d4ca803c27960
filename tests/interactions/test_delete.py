"""https://hl7.org/fhir/R4/http.html#delete"""

from __future__ import annotations

import pytest

from fhirserver import ids
from fhirserver.search.hashing import reference_self
from tests.answers import done, path, refused
from tests.builders import a_patient


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient()).json


@pytest.fixture
def address(patient):
    return f"/fhir/Patient/{patient['id']}"


def test_delete_answers_without_content(client, address):
    answer = client.delete(address)

    assert answer.status_code == 204
    assert answer.data == b""
    assert "Content-Type" not in answer.headers
    assert answer.headers["ETag"] == 'W/"2"'


def test_delete_again_does_nothing_more(client, address):
    client.delete(address)

    assert client.delete(address).status_code == 204
    assert done(client.get(f"{address}/_history"))["total"] == 2


def test_delete_of_an_unknown_id_is_done_already(client):
    assert client.delete(f"/fhir/Patient/{ids.new()}").status_code == 204


def test_prefer_operation_outcome_has_one(client, address):
    answer = client.delete(address, headers={"Prefer": "return=OperationOutcome"})

    assert done(answer)["resourceType"] == "OperationOutcome"


def test_a_deleted_resource_is_not_found_by_search(client, patient, address):
    client.delete(address)

    assert done(client.get(f"/fhir/Patient?_id={patient['id']}"))["total"] == 0


def test_an_update_brings_it_back_to_life_with_the_next_version(client, patient, address):
    client.delete(address)

    answer = client.put(address, json=patient)

    assert done(answer, 201)["meta"]["versionId"] == "3"
    assert path(answer.headers["Location"]) == f"{address}/_history/3"
    assert done(client.get(address)) == answer.json
    history = done(client.get(f"{address}/_history"))
    assert [e["request"]["method"] for e in history["entry"]] == ["PUT", "DELETE", "POST"]


def test_if_match_is_honoured(client, address):
    refused(client.delete(address, headers={"If-Match": 'W/"2"'}), 412)
    assert client.delete(address, headers={"If-Match": 'W/"1"'}).status_code == 204


def test_if_match_names_the_deletion_for_a_revival(client, patient, address):
    client.delete(address)

    refused(client.put(address, json=patient, headers={"If-Match": 'W/"1"'}), 412)
    done(client.put(address, json=patient, headers={"If-Match": 'W/"2"'}), 201)


def test_the_deletion_is_in_the_history_without_a_resource(client, patient, address):
    client.delete(address)

    entry = done(client.get(f"{address}/_history"))["entry"][0]

    assert "resource" not in entry
    assert entry["request"] == {"method": "DELETE", "url": f"Patient/{patient['id']}"}
    assert entry["response"]["status"].startswith("204")
    assert entry["response"]["lastModified"] > patient["meta"]["lastUpdated"]


def test_deleting_the_whole_type_is_refused(client):
    refused(client.delete("/fhir/Patient"), 400)
    refused(client.delete("/fhir/Patient?"), 400)
    refused(client.delete("/fhir/Patient?_format=json"), 400)


def test_deleting_everything_has_no_address(client):
    answer = client.delete("/fhir")

    refused(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_a_deleted_resource_stays_whose_it_was(client, database):
    """Not whose that is which it was about, by now."""
    first, second = (done(client.post("/fhir/Patient", json=a_patient()), 201)["id"] for _ in "ab")
    observation = {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": f"Patient/{first}"},
    }  # fmt: skip
    made = done(client.post("/fhir/Observation", json=observation), 201)
    target = f"Observation/{made['id']}"
    provenance = {
        "resourceType": "Provenance", "recorded": "2026-01-01T00:00:00Z",
        "target": [{"reference": target}], "agent": [{"who": {"display": "x"}}],
    }  # fmt: skip
    id_ = done(client.post("/fhir/Provenance", json=provenance), 201)["id"]
    done(client.put(f"/fhir/{target}", json=made | {"subject": {"reference": f"Patient/{second}"}}))

    client.delete(f"/fhir/Provenance/{id_}")

    owners = database.read(f"SELECT owner FROM resource.\"Provenance\" WHERE id = '{id_}'")
    assert owners == [(reference_self("Patient", first),)]
