"""Queries that are refused."""

from __future__ import annotations

import pytest

from tests.builders import SYSTEM
from tests.operations.graphql.asking import bomb, refused
from tests.pace import soon


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ Patient(id: a) { name", "isn't GraphQL"),
            ("{ PatientList { shoeSize } }", "no field 'shoeSize' on Patient"),
        ("{ PatientList(shoe_size: 43) { id } }", "no search parameter 'shoe_size'"),
        ("{ PatientList(_include: x) { id } }", "no search parameter '_include'"),
        ("{ PatientList }", "is an object"),
        ("{ PatientList { id { x } } }", "is a simple value"),
        ("{ PatientList { birthDate(x: 1) } }", "takes no arguments"),
        ("{ PatientList { name(period: 1) { text } } }", "can't be chosen by 'period'"),
        ('{ PatientList { name(fhirpath: "shoeSize") { text } } }', "fhirpath"),
        ("{ PatientList { name(_count: -1) { text } } }", "0 or more"),
        ("{ PatientList { a: id a: birthDate } }", "two different fields"),
        ("{ PatientList { name { text } name(use: old) { text } } }", "another name"),
        ("{ PatientList { id @loud } }", "no directive @loud"),
        ("{ PatientList { id @skip } }", "needs if"),
        ("{ PatientList { ...F } }", "no fragment 'F'"),
        ("{ ...F } fragment F on Query { ...F }", "inside itself"),
        ("{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }", "inside itself"),
        ("{ PatientList { ... on Shoe { id } } }", "no type 'Shoe'"),
        ("{ Shoe(id: a) { id } }", "no field 'Shoe' on Query"),
        ("{ Patient { id } }", "needs an id"),
        ("{ PatientList(active: $x) { id } }", "$x isn't declared"),
        ("{ PatientList { ObservationList { id } } }", "needs _reference"),
        ("{ PatientList { ObservationList(_reference: code) { id } } }", "needs _reference"),
        ("query A { __typename } query B { __typename }", "say which"),
        ("query($a: Int!) { __typename }", "needs a value"),
        ("mutation { PatientDelete(id: a) { id } }", "answers queries"),
        ("subscription { a }", "answers queries"),
        ('{ PatientConnection(_cursor: "x") { next } }', "isn't one of this server's"),
        ('{ PatientConnection(_cursor: "x:1-1") { next } }', ""),
    ],
)  # fmt: skip
def test_a_wrong_query_is_refused(client, query, words):
    assert words in refused(client, query)["message"]


def test_an_error_says_where_in_the_query(client):
    error = refused(client, "{\n  PatientList { shoeSize }\n}")

    assert error["locations"] == [{"line": 2, "column": 17}]


def test_a_variable_of_another_type_is_refused(client):
    query = "query($a: Boolean) { PatientList(active: $a) { id } }"

    for value in ("true", 1, {"x": 1}, [[1]]):
        assert "$a isn't of the type" in refused(client, query, variables={"a": value})["message"]


@pytest.mark.parametrize(
    "body",
    [{"query": 1}, {"query": "{id}", "variables": []}, {"queery": "{id}"}, {}, [], {"query": None}],
)
def test_a_body_that_is_none_is_refused(client, body):
    answer = client.post("/fhir/$graphql", json=body)

    assert answer.status_code == 400
    assert answer.json["errors"][0]["message"]


def test_what_is_not_there_is_not_found(client):
    refused(client, "{ id }", 404, where="Patient/nobody/")
    refused(client, "{ Patient(id: nobody) { id } }", 404)


HOSTILE = {
    "sixty levels": "{ PatientList " + "{ link { other { resource " * 20 + "{ id }" + "}}}" * 20 + "}",
    "thousands of levels": "{" * 5_000,
    "fragments sixty deep": bomb(60),
    "a chain of fragments": "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(3_000)),
    "aliases": "{" + " ".join(f"a{n}: PatientList(_count: 1) {{ id }}" for n in range(2_000)) + "}",
    "directives": "{ PatientList { id " + "@include(if: true) " * 2_000 + "} }",
    "values in values": "{ PatientList(active: " + "[" * 3_000 + "]" * 3_000 + ") { id } }",
    "a long name": "{ " + "a" * 190_000 + " }",
    "a long text": '{ a(b: "' + "x" * 1_000_000 + '") }',
    "nested where": '{ PatientList(fhirpath: "' + "name.where(" * 1_000 + '") { id } }',
    # Of nobody: other tests leave Provenances of merges, with hundreds of targets.
    "every type": '{ ProvenanceList(_id: "nobody") { target { resource '
    + "{ extension { valueReference { resource " * 4
    + "{ id }" + "}}}" * 4 + " } } }",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_is_answered_quickly(client, name):
    with soon(5):
        answer = client.post("/fhir/$graphql", json={"query": HOSTILE[name]})

        expected = {200} if name in {"directives", "every type"} else {400, 403}
        assert answer.status_code in expected, answer.text[:300]


def test_the_limits_are_settings(make_app, client_of):
    client = client_of(make_app(graphql_max_depth=2, graphql_max_cost=600))

    assert "deeper than 2" in refused(client, "{ PatientList { name { text } } }", 403)["message"]
    two = f'{{ a: PatientList(identifier: "{SYSTEM}|x") {{ id }} b: PatientList {{ id }} }}'
    assert "costs more than 600" in refused(client, two, 403)["message"]
