"""`$meta`, `$meta-add` and `$meta-delete` over HTTP, and how operations are called at all."""

from __future__ import annotations

import pytest

from tests.answers import refused
from tests.builders import a_patient

TAG = {"system": "http://example.org/tags", "code": "follow-up"}


def given(*tags):
    meta = {"name": "meta", "valueMeta": {"tag": list(tags)}}
    return {"resourceType": "Parameters", "parameter": [meta]}


@pytest.fixture
def address(client):
    made = client.post("/fhir/Patient", json=a_patient())
    return f"/fhir/Patient/{made.json['id']}"


def the_meta(answer):
    assert answer.status_code == 200, answer.text
    return answer.json["parameter"][0]["valueMeta"]


def test_meta_is_that_of_the_resource(client, address):
    assert the_meta(client.get(f"{address}/$meta"))["versionId"] == "1"


def test_a_tag_is_added_once_and_makes_one_version(client, address):
    client.post(f"{address}/$meta-add", json=given(TAG))
    again = the_meta(client.post(f"{address}/$meta-add", json=given(TAG)))

    assert again["tag"] == [TAG]
    assert again["versionId"] == "2"


def test_a_tag_is_removed(client, address):
    client.post(f"{address}/$meta-add", json=given(TAG))

    after = the_meta(client.post(f"{address}/$meta-delete", json=given({**TAG, "display": "x"})))

    assert "tag" not in after


def test_what_changes_something_takes_post_only(client, address):
    answer = client.get(f"{address}/$meta-add")

    refused(answer, 405)
    assert answer.headers["Allow"] == "POST"


def test_an_unknown_operation_is_not_found(client, address):
    assert "$nonsense" in refused(client.get(f"{address}/$nonsense"), 404)["diagnostics"]
    refused(client.get("/fhir/$nonsense"), 404)
    refused(client.get("/fhir/Patient/$meta"), 404)


def test_an_unknown_parameter_is_refused_with_its_place(client, address):
    body = given(TAG)
    body["parameter"].append({"name": "colour", "valueString": "red"})

    issue = refused(client.post(f"{address}/$meta-add", json=body), 400)

    assert issue["expression"] == ["Parameters.parameter[1].name"]


def test_a_missing_parameter_is_named(client, address):
    issue = refused(client.post(f"{address}/$meta-add", json={"resourceType": "Parameters"}), 400)

    assert "meta" in issue["diagnostics"]


def test_a_value_of_another_type_is_refused_with_its_place(client, address):
    body = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueString": "x"}]}

    issue = refused(client.post(f"{address}/$meta-add", json=body), 400)

    assert issue["expression"] == ["Parameters.parameter[0].valueString"]


def test_the_scopes_of_the_caller_hold(client, token, address):
    reading = {"Authorization": f"Bearer {token('system/Patient.r')}"}

    assert client.get(f"{address}/$meta", headers=reading).status_code == 200
    refused(client.post(f"{address}/$meta-add", json=given(TAG), headers=reading), 403)


def test_an_operation_runs_inside_a_batch(client, address):
    name = address.removeprefix("/fhir/")
    asked = [
        {"request": {"method": "GET", "url": f"{name}/$meta"}},
        {"request": {"method": "POST", "url": f"{name}/$meta-add"}, "resource": given(TAG)},
    ]

    answer = client.post("/fhir", json={"resourceType": "Bundle", "type": "batch", "entry": asked})

    entries = answer.json["entry"]
    assert [e["response"]["status"] for e in entries] == ["200 OK", "200 OK"]
    assert entries[1]["resource"]["parameter"][0]["valueMeta"]["tag"] == [TAG]


def test_the_capability_statement_lists_operations(client):
    rest = client.get("/fhir/metadata").json["rest"][0]

    patient = next(r for r in rest["resource"] if r["type"] == "Patient")
    assert {
        "name": "meta-add",
        "definition": "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    } in patient["operation"]
