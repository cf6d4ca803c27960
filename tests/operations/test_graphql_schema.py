"""What $graphql says of itself, read as a usual tool reads it.

https://hl7.org/fhir/R4/graphql.html#conformance, https://spec.graphql.org/October2021/#sec-Introspection
"""

from __future__ import annotations

import graphql
import pytest

from tests.answers import done
from tests.pace import soon


def asked(client, query, where=""):
    return done(client.post(f"/fhir/{where}$graphql", json={"query": query}))["data"]


@pytest.fixture(scope="module")
def schema(app, token):
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return graphql.build_client_schema(asked(client, graphql.get_introspection_query()))


def test_the_schema_is_valid(schema):
    assert graphql.validate_schema(schema) == []
    assert schema.query_type.name == "Query"
    assert len(schema.get_possible_types(schema.type_map["Resource"])) == 146


@pytest.mark.parametrize(
    "query",
    [
        '{ Patient(id: "1") { id name(use: official) { family given } birthDate } }',
        '{ ConditionList(clinical_status: active, patient: "1") { id clinicalStatus { text } } }',
        '{ PatientList(_filter: "active eq true", _sort: "-birthdate", _count: 3) { id } }',
        "{ PatientConnection(active: true) { count next edges { mode resource { id } } } }",
        "query($c: String) { PatientConnection(_cursor: $c) { next } }",
        "{ PatientList { _birthDate { extension { url valueDateTime } } contact { name { text } } } }",
        '{ PatientList { ObservationList(_reference: subject, code: "1") { valueQuantity { value } } } }',
        "{ PatientList { ProvenanceList(_reference: target) { recorded } } }",
        "{ ObservationList { subject { resource { ... on Patient { birthDate } } } } }",
        "{ ObservationList { subject { resource(optional: true, type: Patient) { id } } } }",
        '{ PatientList { name @flatten @slice(path: "use") { given @first family @singleton } } }',
        "{ PatientList { ...P } } fragment P on Patient { contact { ...C } } "
        "fragment C on PatientContact { gender }",
    ],
)  # fmt: skip
def test_what_the_schema_allows_is_answered(client, schema, query):
    assert graphql.validate(schema, graphql.parse(query)) == []
    if "id:" not in query:
        assert "data" in client.post("/fhir/$graphql", json={"query": query}).json


@pytest.mark.parametrize(
    "query",
    ["{ PatientList { shoeSize } }", "{ PatientList(shoe: 1) { id } }", "{ PatientList }"],
)
def test_what_the_schema_forbids_is_refused(client, schema, query):
    assert graphql.validate(schema, graphql.parse(query)) != []
    assert client.post("/fhir/$graphql", json={"query": query}).status_code == 400


def test_one_type_is_described(client):
    query = '{ __type(name: "PatientContact") { kind name fields { name type { name kind } } } }'

    found = asked(client, query)["__type"]

    assert (found["kind"], found["name"]) == ("OBJECT", "PatientContact")
    assert {"name": "gender", "type": {"name": "code", "kind": "SCALAR"}} in found["fields"]
    assert asked(client, '{ __type(name: "Shoe") { name } }') == {"__type": None}


def test_the_root_of_a_resource_is_its_type(client):
    id_ = done(
        client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "x"}}), 201
    )

    query = "{ __schema { queryType { name } } }"
    assert asked(client, query, f"Basic/{id_['id']}/") == {
        "__schema": {"queryType": {"name": "Basic"}}
    }


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { shoes } }",
        "{ __schema { types } }",
        "{ __schema { types { name { x } } } }",
        "{ __schema { types(x: 1) { name } } }",
        "{ __type { name } }",
        "{ __schema { types { name } } PatientList { id } }",
        "{ __schema { ...F } }",
        "{ __schema { types { a: name a: kind } } }",
    ],
)
def test_a_wrong_question_is_refused(client, query):
    answer = client.post("/fhir/$graphql", json={"query": query})

    assert answer.status_code == 400, answer.text[:200]
    assert answer.json["errors"][0]["locations"]


@pytest.mark.parametrize("levels", [6, 30])
def test_a_question_that_grows_is_ended(client, levels):
    inner = "name"
    for _ in range(levels):
        inner = f"fields {{ a: type {{ {inner} }} b: type {{ {inner} }} }}"
        if len(inner) > 50_000:
            break
    with soon(10):
        answer = client.post(
            "/fhir/$graphql", json={"query": f"{{ __schema {{ types {{ {inner} }} }} }}"}
        )

        assert answer.status_code in {400, 403}
