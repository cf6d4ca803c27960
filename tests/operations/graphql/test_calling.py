"""https://hl7.org/fhir/R4/graphql.html: how it is called, on what, and with whose rights."""

from __future__ import annotations

import json
from base64 import b64decode

from tests.answers import done
from tests.builders import a_batch, an_entry
from tests.operations.graphql.asking import asked


def test_a_query_in_the_address(client, record):
    answer = client.get(f"/fhir/Patient/{record[0]}/$graphql", query_string={"query": "{ id }"})

    assert done(answer) == {"data": {"id": record[0]}}
    assert answer.content_type == "application/json; charset=utf-8"


def test_a_query_as_the_body(client, record):
    answer = client.post(
        f"/fhir/Patient/{record[0]}/$graphql", data="{ id }", content_type="application/graphql"
    )

    assert done(answer) == {"data": {"id": record[0]}}


def test_a_query_in_a_parameters_resource(client, record):
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "query", "valueString": "{ id }"}],
    }

    assert done(client.post(f"/fhir/Patient/{record[0]}/$graphql", json=body)) == {
        "data": {"id": record[0]}
    }


def test_variables_in_the_address(client, record):
    pairs = {
        "query": "query A($id: ID!) { Patient(id: $id) { id } } query B { PatientList { id } }",
        "operationName": "A",
        "variables": json.dumps({"id": record[0]}),
    }

    assert done(client.get("/fhir/$graphql", query_string=pairs))["data"]["Patient"] == {
        "id": record[0]
    }


def test_in_a_batch_the_answer_is_in_a_binary(client, record):
    entry = an_entry("GET", f"Patient/{record[0]}/$graphql?query=%7Bid%7D")

    found = done(client.post("/fhir", json=a_batch(entry)))["entry"][0]

    assert found["response"]["status"] == "200 OK"
    assert found["resource"]["contentType"] == "application/json"
    assert json.loads(b64decode(found["resource"]["data"])) == {"data": {"id": record[0]}}


def test_who_wants_nulls_asks_for_graphqls_own_media_type(client, record):
    query = "{ gender name { family } }"
    answer = client.post(
        f"/fhir/Patient/{record[0]}/$graphql",
        json={"query": query},
        headers={"Accept": "application/graphql-response+json, application/json;q=0.9"},
    )

    assert answer.content_type.startswith("application/graphql-response+json")
    assert done(answer)["data"]["gender"] is None
    assert done(answer)["data"]["name"][1] == {"family": None}
    assert "gender" not in asked(client, query, f"Patient/{record[0]}/")


def test_it_is_in_the_capability_statement(client):
    rest = done(client.get("/fhir/metadata"))["rest"][0]
    patient = next(r for r in rest["resource"] if r["type"] == "Patient")

    for there in (rest, patient):
        assert {
            "name": "graphql",
            "definition": "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
        } in there["operation"]


def test_a_query_selects_from_the_answer_of_an_operation(client, record, family):
    query = {
        "_graphql": "{ entry { resource { ... on Patient { birthDate } } } }",
        "_type": "Patient",
    }

    answer = client.get(f"/fhir/Patient/{record[0]}/$everything", query_string=query)

    assert answer.content_type == "application/json; charset=utf-8"
    assert done(answer) == {"data": {"entry": [{"resource": {"birthDate": "1970-01-01"}}]}}


def test_an_operation_that_fails_says_so_in_fhir(client):
    answer = client.get("/fhir/Patient/nobody/$everything", query_string={"_graphql": "{ id }"})

    assert answer.status_code == 404
    assert answer.json["resourceType"] == "OperationOutcome"


def test_a_wrong_query_on_an_operation_is_told_in_graphql(client, record):
    address = f"/fhir/Patient/{record[0]}/$everything"

    answer = client.get(address, query_string={"_graphql": "{ shoeSize }"})

    assert answer.status_code == 400
    assert answer.json["errors"][0]["message"] == "there is no field 'shoeSize' on Bundle"


def test_what_changes_something_takes_no_query(client, record):
    answer = client.post(
        f"/fhir/Patient/{record[0]}/$meta-add?_graphql=%7Bid%7D",
        json={"resourceType": "Parameters"},
    )

    assert answer.status_code == 400
    assert "change nothing" in answer.json["issue"][0]["diagnostics"]


def test_nothing_is_read_without_a_right(client, token, record, family):
    reader = {"Authorization": f"Bearer {token('user/Observation.rs')}"}
    query = "{ subject { resource { id } } }"
    address = f"/fhir/Observation/{record[0]}-1/$graphql"

    hidden = client.post(address, json={"query": query}, headers=reader)
    optional = client.post(
        address, json={"query": query.replace("resource", "resource(optional: true)")},
        headers=reader,
    )  # fmt: skip
    searched = client.post(
        "/fhir/$graphql", json={"query": "{ PatientList { id } }"}, headers=reader
    )

    assert hidden.status_code == 404
    assert done(optional) == {"data": {"subject": {}}}
    assert searched.status_code == 403
    assert searched.json["errors"][0]["extensions"]["resource"]["issue"][0]["code"] == "forbidden"


def test_a_right_to_read_is_enough_to_follow_references(client, token, record):
    reader = {"Authorization": f"Bearer {token('user/*.r')}"}
    query = "{ subject { resource { id } } }"

    answer = client.post(
        f"/fhir/Observation/{record[0]}-1/$graphql", json={"query": query}, headers=reader
    )

    assert done(answer)["data"] == {"subject": {"resource": {"id": record[0]}}}
