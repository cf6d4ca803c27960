"""https://hl7.org/fhir/R4/graphql.html, over HTTP."""

from __future__ import annotations

import json
from base64 import b64decode
from time import monotonic

import pytest

from fhirserver import ids
from tests.answers import done
from tests.builders import SYSTEM, a_batch, a_patient, a_transaction, an_entry, an_observation


@pytest.fixture
def family():
    """A name that nobody else has."""
    return f"F{ids.new()}"


@pytest.fixture
def record(client, family):
    """Stores two patients of one organization, with two observations each; the patients' ids."""
    short = family[1:13]
    organization = {"resourceType": "Organization", "id": f"o-{short}", "name": "Ward"}
    entries = [an_entry("PUT", f"Organization/o-{short}", organization)]
    patients = [f"a-{short}", f"b-{short}"]
    for number, id_ in enumerate(patients):
        patient = a_patient(
            id=id_,
            active=number == 0,
            name=[{"use": "official", "family": family, "given": ["Ada", "B"]}, {"text": "Ady"}],
            birthDate=f"197{number}-01-01",
            managingOrganization={"reference": f"Organization/o-{short}"},
        )
        entries.append(an_entry("PUT", f"Patient/{id_}", patient))
        for n in (1, 2):
            seen = an_observation(
                id=f"{id_}-{n}",
                subject={"reference": f"Patient/{id_}"},
                valueQuantity={"value": n, "unit": "kg"},
            )
            entries.append(an_entry("PUT", f"Observation/{id_}-{n}", seen))
    done(client.post("/fhir", json=a_transaction(*entries)))
    return patients


def asked(client, query, where="", **more):
    answer = client.post(f"/fhir/{where}$graphql", json={"query": query, **more})
    body = done(answer)
    assert answer.content_type == "application/json; charset=utf-8"
    assert set(body) == {"data"}
    return body["data"]


def refused(client, query, status=400, where="", **more):
    """The first error with which a query was refused."""
    answer = client.post(f"/fhir/{where}$graphql", json={"query": query, **more})
    assert answer.status_code == status, answer.text[:500]
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.json["data"] is None
    error = answer.json["errors"][0]
    issue = error["extensions"]["resource"]["issue"][0]
    assert issue["diagnostics"] == error["message"]
    return error


# How it is called


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


# What it selects


def test_elements_are_chosen_by_what_is_in_them(client, record, family):
    query = """{
        official: name(use: official) { family }
        known: name(fhirpath: "text.exists()") { text }
        second: name(_offset: 1, _count: 1) { text }
    }"""

    assert asked(client, query, f"Patient/{record[0]}/") == {
        "official": [{"family": family}],
        "known": [{"text": "Ady"}],
        "second": [{"text": "Ady"}],
    }


def test_decimals_keep_their_digits(client):
    seen = '{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {"value": 1.10}}'
    made = done(client.post("/fhir/Observation", data=seen, content_type="application/json"), 201)

    answer = client.get(f"/fhir/Observation/{made['id']}/$graphql?query={{valueQuantity{{value}}}}")

    assert answer.data == b'{"data":{"valueQuantity":{"value":1.10}}}'


def test_a_list_is_searched_for_by_search_parameters(client, record, family):
    query = f'{{ PatientList(family: "{family}", birthdate: ["1970-01-01", "1969"]) {{ id }} }}'

    assert asked(client, query) == {"PatientList": [{"id": record[0]}]}


def test_a_list_is_sorted_and_cut_as_a_search_is(client, record, family):
    query = f'{{ PatientList(family: "{family}", _sort: "-birthdate", _count: 1) {{ id }} }}'

    assert asked(client, query) == {"PatientList": [{"id": record[1]}]}


def test_a_filter_expression_selects_too(client, record, family):
    query = f'{{ PatientList(_filter: "family eq {family} and active eq true") {{ id }} }}'

    assert asked(client, query) == {"PatientList": [{"id": record[0]}]}


def test_a_connection_is_walked_by_its_cursors(client, record, family):
    parts = "count offset pagesize next previous edges { mode resource { id } }"
    query = (
        f'{{ PatientConnection(family: "{family}", _count: 1, _sort: birthdate) {{ {parts} }} }}'
    )

    first = asked(client, query)["PatientConnection"]
    following = f"query($c: String) {{ PatientConnection(_cursor: $c) {{ {parts} }} }}"
    second = asked(client, following, variables={"c": first["next"]})["PatientConnection"]
    back = asked(client, following, variables={"c": second["previous"]})["PatientConnection"]

    assert (first["count"], first["offset"], first["pagesize"]) == (2, 0, 1)
    assert first["edges"] == [{"mode": "match", "resource": {"id": record[0]}}]
    assert (second["offset"], second["edges"][0]["resource"]["id"]) == (1, record[1])
    assert "next" not in second
    assert (back["offset"], back["edges"]) == (0, first["edges"])


def test_what_refers_to_a_resource_is_found(client, record):
    query = """{
        id
        ObservationList(_reference: subject, _sort: _id) { id valueQuantity { value } }
        ObservationConnection(_reference: patient) { count }
    }"""

    found = asked(client, query, f"Patient/{record[0]}/")

    assert [o["id"] for o in found["ObservationList"]] == [f"{record[0]}-1", f"{record[0]}-2"]
    assert found["ObservationConnection"] == {"count": 2}


def test_references_are_followed_by_the_type_of_what_they_are_to(client, record, family):
    query = """query($f: String) { ObservationList(subject: $f) {
        subject { resource { __typename resourceType
            ... on Patient { birthDate managingOrganization { resource { name } } }
            ... on Group { quantity } } }
        asGroup: subject { resource(type: Group) { id } } } }"""

    found = asked(client, query, variables={"f": record[0]})["ObservationList"]

    wanted = {
        "__typename": "Patient",
        "resourceType": "Patient",
        "birthDate": "1970-01-01",
        "managingOrganization": {"resource": {"name": "Ward"}},
    }
    assert found == [{"subject": {"resource": wanted}, "asGroup": {}}] * 2


def test_a_field_that_fits_one_type_of_several_is_left_out_for_the_others(client, record, family):
    query = "{ subject { resource { name { family } quantity } } }"

    found = asked(client, query, f"Observation/{record[0]}-1/")["subject"]["resource"]

    assert found == {"name": [{"family": family}, {}]}


def test_contained_resources_are_resolved(client):
    made = an_observation(
        contained=[{"resourceType": "Patient", "id": "p", "birthDate": "1999"}],
        subject={"reference": "#p"},
    )
    id_ = done(client.post("/fhir/Observation", json=made), 201)["id"]

    query = "{ subject { resource { ... on Patient { birthDate } } } }"
    assert asked(client, query, f"Observation/{id_}/") == {
        "subject": {"resource": {"birthDate": "1999"}}
    }


def test_nothing_refers_to_a_contained_resource(client):
    made = an_observation(
        contained=[{"resourceType": "Patient", "id": "p"}], subject={"reference": "#p"}
    )
    id_ = done(client.post("/fhir/Observation", json=made), 201)["id"]

    query = "{ contained { ... on Patient { id ObservationList(_reference: subject) { id } } } }"
    assert asked(client, query, f"Observation/{id_}/") == {
        "contained": [{"id": "p", "ObservationList": []}]
    }


def test_a_list_may_be_longer_than_a_page(make_app, client_of, record, family):
    client = client_of(make_app(max_count=1))
    query = (
        f'{{ PatientList(family: "{family}") {{ ObservationList(_reference: subject) {{ id }} }} }}'
    )

    found = asked(client, query)["PatientList"]

    assert [len(p["ObservationList"]) for p in found] == [2, 2]


def test_a_list_that_is_too_long_is_refused(make_app, client_of, record, family):
    client = client_of(make_app(max_count=1, max_includes=1))

    error = refused(client, f'{{ PatientList(family: "{family}") {{ id }} }}', 403)

    assert "more than 1 matches" in error["message"]


def test_fragments_merge(client, record, family):
    query = """{ ...A ...B }
        fragment A on Patient { name(use: official) { family } }
        fragment B on Patient { name(use: official) { given } }"""

    assert asked(client, query, f"Patient/{record[0]}/") == {
        "name": [{"family": family, "given": ["Ada", "B"]}]
    }


def test_more_resources_of_a_level_cost_no_more_statements(client, record, family, query_recorder):
    query = (
        f'{{ PatientList(family: "{family}") {{ managingOrganization {{ resource {{ name }} }} '
        "ObservationList(_reference: subject) { subject { resource { ... on Patient { id } } } } } }"
    )
    asked(client, query)
    query_recorder.clear()
    asked(client, query)
    statements = len(query_recorder)
    more = [
        an_entry("POST", "Observation", an_observation(subject={"reference": f"Patient/{p}"}))
        for p in record * 20
    ]
    done(client.post("/fhir", json=a_transaction(*more)))
    query_recorder.clear()

    found = asked(client, query)["PatientList"]

    assert [len(p["ObservationList"]) for p in found] == [22, 22]
    assert len(query_recorder) == statements


# On the answers of other operations


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


# Whose rights


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


# What is refused


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


def bomb(levels):
    """Each fragment has the next one twice."""
    parts = [
        f"fragment F{n} on Patient {{ a: link {{ other {{ resource {{ ...F{n + 1} }} }} }} "
        f"b: link {{ other {{ resource {{ ...F{n + 1} }} }} }} }}"
        for n in range(levels)
    ]
    return f"{{ PatientList {{ ...F0 }} }} {' '.join(parts)} fragment F{levels} on Patient {{ id }}"


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
    start = monotonic()
    answer = client.post("/fhir/$graphql", json={"query": HOSTILE[name]})

    expected = {200} if name in {"directives", "every type"} else {400, 403}
    assert answer.status_code in expected, answer.text[:300]
    assert monotonic() - start < 5


def test_the_limits_are_settings(make_app, client_of):
    client = client_of(make_app(graphql_max_depth=2, graphql_max_cost=600))

    assert "deeper than 2" in refused(client, "{ PatientList { name { text } } }", 403)["message"]
    two = f'{{ a: PatientList(identifier: "{SYSTEM}|x") {{ id }} b: PatientList {{ id }} }}'
    assert "costs more than 600" in refused(client, two, 403)["message"]
