"""https://hl7.org/fhir/R4/http.html#capabilities"""

from __future__ import annotations

import gzip

import pytest

from fhirserver.validation import check
from tests.answers import done, refused

VALUES = {
    "date": "2020-01-01",
    "number": "1",
    "quantity": "1",
    "reference": "Patient/1",
    "string": "a",
    "token": "true",
    "uri": "http://a.example",
}
SPECIAL = {
    "near": "48.2|16.3|10|km",
    "_filter": "_id eq a",
    "_list": "1",
    "_text": "a",
    "_content": "a",
    "_has": None,
}


@pytest.fixture(scope="module")
def statement(app):
    return done(app.test_client().get("/fhir/metadata"))


def test_it_is_a_valid_capability_statement(statement):
    assert statement["resourceType"] == "CapabilityStatement"
    assert check(statement) == []


def test_it_says_what_it_is(statement):
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["kind"] == "instance"
    assert statement["status"] == "active"
    assert statement["software"]["name"] == "fhirserver"
    assert statement["implementation"]["url"] == "http://127.0.0.1:8000/fhir"


def test_it_claims_the_formats_that_are_read_and_written(statement):
    assert set(statement["format"]) == {
        "json", "application/fhir+json", "xml", "application/fhir+xml",
    }  # fmt: skip
    assert set(statement["patchFormat"]) == {
        "application/json-patch+json", "application/merge-patch+json",
        "application/xml-patch+xml", "application/fhir+json", "application/fhir+xml",
    }  # fmt: skip


def test_every_resource_type_and_interaction_is_there(statement):
    rest = statement["rest"][0]

    assert len(rest["resource"]) == 146
    assert {i["code"] for i in rest["interaction"]} == {
        "transaction", "batch", "search-system", "history-system",
    }  # fmt: skip
    for resource in rest["resource"]:
        expected = {
            "read", "vread", "update", "patch", "delete", "history-instance", "history-type",
            "create", "search-type",
        }  # fmt: skip
        if resource["type"] == "AuditEvent":
            # The record grows, and nobody changes it.
            expected -= {"update", "patch", "delete"}
        assert {i["code"] for i in resource["interaction"]} == expected


def test_every_search_parameter_it_lists_works(app, client, statement):
    """Each is understood; for what takes time to ask 1,500 times, the engine is asked to parse."""
    from fhirserver.search.parse import parse

    context = app.extensions["fhirserver"].context
    wrong = []
    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            name = parameter["name"]
            value = SPECIAL.get(name, VALUES.get(parameter["type"], "1$1"))
            if name == "_has":  # a name that goes on: tested with searches
                continue
            if value is None:
                wrong.append((resource["type"], name))
                continue
            if parameter["type"] == "composite":
                continue
            try:
                parse(
                    resource["type"], [(name, value)],
                    parameters=context.parameters, site=context.site,
                )  # fmt: skip
            except Exception as error:
                wrong.append((resource["type"], name, str(error)))

    assert wrong == []


@pytest.mark.parametrize(
    "resource_type", ["Patient", "Observation", "Location", "MedicationRequest", "Basic"]
)
def test_the_listed_parameters_are_answered(client, statement, resource_type):
    resource = next(r for r in statement["rest"][0]["resource"] if r["type"] == resource_type)

    for parameter in resource["searchParam"]:
        value = SPECIAL.get(parameter["name"], VALUES.get(parameter["type"]))
        if value is not None:
            query = {parameter["name"]: value, "_count": "1"}
            done(client.get(f"/fhir/{resource_type}", query_string=query))


def test_the_listed_inclusions_are_answered(client, statement):
    for resource in statement["rest"][0]["resource"][:146:12]:
        for name, values in (
            ("_include", resource["searchInclude"]),
            ("_revinclude", resource["searchRevInclude"][:20]),
        ):
            for value in values:
                query = {name: value, "_count": "1"}
                done(client.get(f"/fhir/{resource['type']}", query_string=query))


def test_it_has_a_tag_and_is_not_sent_twice(client):
    answer = client.get("/fhir/metadata")

    again = client.get("/fhir/metadata", headers={"If-None-Match": answer.headers["ETag"]})

    assert again.status_code == 304
    assert again.data == b""


@pytest.mark.parametrize("mode", ["full", "normative"])
def test_its_modes_are_answered(client, mode):
    assert done(client.get(f"/fhir/metadata?mode={mode}"))["resourceType"] == "CapabilityStatement"


def test_it_says_what_it_is_as_a_terminology_server(client):
    found = done(client.get("/fhir/metadata?mode=terminology"))

    assert found["resourceType"] == "TerminologyCapabilities"
    known = {c["uri"] for c in found["codeSystem"]}
    assert "http://hl7.org/fhir/administrative-gender" in known
    assert {"name": "displayLanguage"} in found["expansion"]["parameter"]


def test_another_mode_is_refused(client):
    refused(client.get("/fhir/metadata?mode=x"), 400)


def test_a_part_of_it_can_be_had(client):
    part = done(client.get("/fhir/metadata?_elements=fhirVersion"))

    assert part["fhirVersion"] == "4.0.1"
    assert "rest" not in part
    assert "rest" in done(client.get("/fhir/metadata?_summary=true"))


def test_head_works(client):
    assert client.head("/fhir/metadata").status_code == 200


def test_another_version_of_fhir_is_not_here(client):
    headers = {"Accept": "application/fhir+json; fhirVersion=3.0"}

    refused(client.get("/fhir/metadata", headers=headers), 406)


def test_it_can_be_had_zipped(app, client):
    whole = client.get("/fhir/metadata")
    for _ in range(2):
        zipped = client.get("/fhir/metadata", headers={"Accept-Encoding": "gzip"})

        assert zipped.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(zipped.data) == whole.data
