"""https://spec.openapis.org/oas/v3.1.0, against the CapabilityStatement and the server."""

from __future__ import annotations

import gzip
import json

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from fhirserver.interactions.operation import ANY, operations
from fhirserver.web.openapi import address
from tests.answers import done, refused
from tests.minimal import KNOWN, minimal

SOME = "Patient,Observation,ValueSet"


@pytest.fixture(scope="module")
def whole(app):
    return done(app.test_client().get("/fhir/openapi.json"))


@pytest.fixture(scope="module")
def some(app):
    return done(app.test_client().get(f"/fhir/openapi.json?_type={SOME}"))


@pytest.fixture(scope="module")
def statement(app):
    return done(app.test_client().get("/fhir/metadata"))


def of_schema(document, name):
    """Whether a value is what the document says of a type."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema.Draft202012Validator(schema).is_valid


def test_the_document_about_some_types_is_valid(some):
    assert list(OpenAPIV31SpecValidator(some).iter_errors()) == []


@pytest.mark.slow
def test_the_whole_document_is_valid(whole):
    assert list(OpenAPIV31SpecValidator(whole).iter_errors()) == []


def test_a_graph_is_a_bundle(some):
    called = some["paths"]["/{type}/{id}/$graph"]["get"]

    assert called["responses"]["200"] == {"$ref": "#/components/responses/Bundle"}


def test_an_operation_of_another_format_says_so(some):
    called = some["paths"]["/{type}/{id}/$graphql"]["post"]

    assert next(iter(called["responses"]["200"]["content"])) == "application/json"
    assert {"application/json", "application/graphql"} <= set(called["requestBody"]["content"])


def test_who_is_not_let_in_is_told_so_in_a_format_that_the_document_names(app, some):
    answer = app.test_client().get("/fhir/Patient/none/$graphql?query={id}")

    refused(answer, 401)
    called = some["paths"]["/{type}/{id}/$graphql"]["get"]
    assert answer.mimetype in called["responses"]["default"]["content"]


def test_it_is_for_everybody_and_not_sent_twice(app):
    answer = app.test_client().get("/fhir/openapi.json?_type=Patient")

    assert answer.headers["Content-Type"] == "application/json"
    headers = {"If-None-Match": answer.headers["ETag"]}
    again = app.test_client().get("/fhir/openapi.json?_type=Patient", headers=headers)
    assert (again.status_code, again.data) == (304, b"")


def test_it_is_zipped_for_those_who_take_that(app, whole):
    answer = app.test_client().get("/fhir/openapi.json", headers={"Accept-Encoding": "gzip"})

    assert len(answer.data) < 400_000
    assert json.loads(gzip.decompress(answer.data)) == whole


def test_those_who_would_wait_long_are_told_to_come_again(client, monkeypatch):
    monkeypatch.setattr(address, "_PATIENCE_SECONDS", 0.01)
    with address._one_at_a_time:
        refused(client.get("/fhir/openapi.json?_type=Patient"), 429)

    done(client.get("/fhir/openapi.json?_type=Patient"))


def test_an_unknown_type_is_refused(client):
    refused(client.get("/fhir/openapi.json?_type=Patient,Klingon"), 400)


def test_it_has_the_same_search_parameters_as_the_capability_statement(whole, statement):
    shared = whole["components"]["parameters"]
    for resource in statement["rest"][0]["resource"]:
        listed = {p["name"] for p in resource["searchParam"]} - {"_has"}
        get = whole["paths"][f"/{resource['type']}"]["get"]
        named = {shared[p["$ref"].rpartition("/")[2]]["name"] for p in get["parameters"]}

        assert listed <= named
        assert {n for n in named - listed if not n.startswith("_")} == {"Prefer"}


def test_it_has_the_same_operations_as_the_capability_statement(whole, statement):
    for resource in statement["rest"][0]["resource"]:
        for listed in resource.get("operation", ()):
            places = (resource["type"], "{type}")
            assert any(
                f"/{place}{instance}/${listed['name']}" in whole["paths"]
                for place in places
                for instance in ("", "/{id}")
            )
    for listed in statement["rest"][0]["operation"]:
        assert f"/${listed['name']}" in whole["paths"]


def test_an_operation_is_described_with_its_parameters(whole):
    for made in operations.values():
        for level in made.levels - {"system"}:
            name = "{type}" if ANY in made.types else made.types[0]
            path = f"/{name}/${made.name}" if level == "type" else f"/{name}/{{id}}/${made.name}"
            described = whole["paths"][path]["post"]["requestBody"].get("description", "")

            assert all(f"`{p.name}`" in described for p in made.parameters)
            assert not (made.affects_state and "get" in whole["paths"][path])


def test_every_type_has_all_its_addresses(whole):
    for name in KNOWN.resource_types:
        methods = {
            path.removeprefix(f"/{name}"): set(item) - {"parameters"}
            for path, item in whole["paths"].items()
            if path.split("/")[1] == name and "$" not in path and "{searched}" not in path
        }
        assert methods == {
            "": {"get", "post", "put", "patch", "delete"},
            "/_search": {"post"},
            "/_history": {"get"},
            "/{id}": {"get", "put", "patch", "delete"},
            "/{id}/_history": {"get"},
            "/{id}/_history/{vid}": {"get"},
        }


def test_calls_have_names_of_their_own(whole):
    names = [
        call["operationId"]
        for item in whole["paths"].values()
        for method, call in item.items()
        if method != "parameters"
    ]

    assert len(names) == len(set(names)) > 1900


@pytest.mark.parametrize("name", KNOWN.resource_types)
def test_what_the_server_stores_has_the_form_that_the_document_gives(whole, name):
    is_valid = of_schema(whole, name)

    assert is_valid(minimal(name) | {"id": "1", "meta": {"versionId": "1"}})
    assert not is_valid(minimal(name) | {"klingon": True})


@pytest.mark.parametrize(
    "wrong",
    [{"gender": "klingon"}, {"birthDate": "1.2.2020"}, {"active": "true"}, {"name": {}},
     {"name": [{"given": [1]}]}, {"contact": [{"name": []}]}, {"multipleBirthInteger": "1"}],
)  # fmt: skip
def test_the_document_says_what_a_resource_must_not_be(some, wrong):
    assert not of_schema(some, "Patient")(minimal("Patient") | wrong)


def test_a_null_stands_where_only_an_extension_is(some):
    extended = {"extension": [{"url": "http://a.example", "valueCode": "unknown"}]}
    name = {"given": ["Ada", None], "_given": [None, extended]}

    assert of_schema(some, "Patient")(minimal("Patient") | {"name": [name]})


def test_what_needs_no_token_says_so(some):
    free = {path for path, item in some["paths"].items() for c in item.values()
            if isinstance(c, dict) and c.get("security") == []}  # fmt: skip

    assert free == {"/metadata", "/openapi.json"}
    assert some["security"] == [{"bearer": []}]
