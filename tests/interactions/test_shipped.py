"""Definitions that come with the server, read and found like any other resource."""

from __future__ import annotations

import pytest

from fhirserver.interactions.operation import operations
from fhirserver.validation import check
from tests.answers import done, ids_of, links, refused, resources, statuses
from tests.builders import a_batch, an_entry

HL7 = "http://hl7.org/fhir"
BASE = "http://127.0.0.1:8000/fhir"


@pytest.mark.parametrize(
    ("resource_type", "id_"),
    [
        ("StructureDefinition", "Patient"),
        ("StructureDefinition", "HumanName"),
        ("OperationDefinition", "Resource-validate"),
        ("OperationDefinition", "Resource-diff"),
        ("SearchParameter", "individual-family"),
        ("ValueSet", "administrative-gender"),
        ("CodeSystem", "audit-source-type"),
        ("CompartmentDefinition", "patient"),
        ("ConceptMap", "cm-address-use-v3"),
    ],
)
def test_a_definition_is_read_by_its_id(client, resource_type, id_):
    found = done(client.get(f"/fhir/{resource_type}/{id_}"))

    assert (found["resourceType"], found["id"]) == (resource_type, id_)
    assert check(found) == []


def test_one_that_does_not_exist_is_not_found(client):
    refused(client.get("/fhir/StructureDefinition/Klingon"), 404)
    refused(client.get("/fhir/StructureDefinition/Patient/_history/1"), 404)


def test_a_definition_has_a_tag_and_is_not_sent_twice(client):
    answer = client.get("/fhir/StructureDefinition/Patient")

    again = client.get(
        "/fhir/StructureDefinition/Patient", headers={"If-None-Match": answer.headers["ETag"]}
    )

    assert again.status_code == 304
    assert again.data == b""


def test_a_part_of_a_definition_can_be_had(client):
    found = done(client.get("/fhir/StructureDefinition/Patient?_elements=url"))

    assert found["url"] == f"{HL7}/StructureDefinition/Patient"
    assert "snapshot" not in found


def test_a_definition_needs_a_token_that_may_read_its_type(client, token):
    address = "/fhir/StructureDefinition/Patient"
    other = {"Authorization": f"Bearer {token('user/Patient.rs')}"}

    refused(client.get(address, headers={"Authorization": ""}), 401)
    refused(client.get(address, headers=other), 403)


def test_an_operation_is_called_on_a_definition(client):
    expanded = done(client.get("/fhir/ValueSet/administrative-gender/$expand"))
    assert {c["code"] for c in expanded["expansion"]["contains"]} >= {"male", "female"}

    answer = done(client.get("/fhir/CodeSystem/administrative-gender/$validate-code?code=male"))
    assert {"name": "result", "valueBoolean": True} in answer["parameter"]


def test_a_batch_reads_definitions(client):
    answer = done(client.post("/fhir", json=a_batch(an_entry("GET", "ValueSet/event-status"))))

    assert resources(answer)[0]["url"] == f"{HL7}/ValueSet/event-status"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (f"url={HL7}/StructureDefinition/Patient", ["Patient"]),
        (f"url={HL7}/StructureDefinition/Patient&version=4.0.1", ["Patient"]),
        (f"url={HL7}/StructureDefinition/Patient&version=5.0.0", []),
        (f"url={HL7}/StructureDefinition/Patient&status=active", ["Patient"]),
        (f"url={HL7}/StructureDefinition/Patient&kind=resource", []),
        (f"url={HL7}/StructureDefinition/bp,{HL7}/StructureDefinition/Age", ["Age", "bp"]),
        ("_id=HumanName", ["HumanName"]),
        ("name=humann", ["HumanName"]),
        ("name:exact=HumanName", ["HumanName"]),
        ("name:contains=umannam", ["HumanName"]),
    ],
)
def test_a_definition_is_found_by_address_id_or_name(client, query, ids):
    found = done(client.get(f"/fhir/StructureDefinition?{query}"))

    assert sorted(ids_of(found)) == ids
    assert found["total"] == len(ids)
    assert done(client.get(f"/fhir/StructureDefinition?{query}&_summary=count"))["total"] == len(
        ids
    )


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("OperationDefinition?code=lookup", ["CodeSystem-lookup"]),
        ("SearchParameter?base=Patient&code=birthdate", ["individual-birthdate"]),
        ("CodeSystem?system=http://hl7.org/fhir/event-status", ["event-status"]),
        ("CodeSystem?code=in-progress", []),
        ("SearchParameter?code=birthdate&type=token", []),
    ],
)
def test_a_definition_is_found_by_what_it_defines(client, query, ids):
    assert ids_of(done(client.get(f"/fhir/{query}"))) == ids


def test_the_search_parameters_of_a_type_are_found(client):
    found = done(client.get("/fhir/SearchParameter?base=Patient&_count=100"))

    assert {"birthdate", "general-practitioner"} <= {r["code"] for r in resources(found)}
    assert all("Patient" in r["base"] for r in resources(found))


def test_what_a_search_finds_has_its_address(client):
    found = done(client.get(f"/fhir/StructureDefinition?url={HL7}/StructureDefinition/Patient"))

    entry = found["entry"][0]
    assert entry["fullUrl"] == f"{BASE}/StructureDefinition/Patient"
    assert entry["search"] == {"mode": "match"}


def test_a_search_by_anything_else_is_about_what_is_stored(client):
    for query in ("", "status=retired", "kind=resource"):
        total = done(client.get(f"/fhir/StructureDefinition?{query}&_total=accurate"))["total"]
        assert total < 100


def test_a_stored_definition_stands_for_the_shipped_one_until_it_is_deleted(client):
    address = "/fhir/ValueSet/question-max-occurs"
    shipped = done(client.get(address))
    url = shipped["url"]
    stored = {"resourceType": "ValueSet", "id": shipped["id"], "url": url, "status": "retired"}

    done(client.put(address, json=stored), 201)

    assert done(client.get(address))["status"] == "retired"
    assert [r["status"] for r in resources(done(client.get(f"/fhir/ValueSet?url={url}")))] == [
        "retired"
    ]
    assert client.delete(address).status_code in {200, 204}
    assert done(client.get(address)) == shipped
    assert ids_of(done(client.get(f"/fhir/ValueSet?url={url}"))) == [shipped["id"]]


def test_a_definition_that_comes_with_the_server_can_not_be_changed(client):
    address = "/fhir/StructureDefinition/HumanName"
    patch = [{"op": "replace", "path": "/status", "value": "retired"}]

    assert "comes with the server" in refused(client.delete(address), 405)["diagnostics"]
    answer = client.patch(address, json=patch, content_type="application/json-patch+json")
    assert "comes with the server" in refused(answer, 405)["diagnostics"]
    answer = done(client.post("/fhir", json=a_batch(an_entry("DELETE", address[6:]))))
    assert statuses(answer) == ["405"]
    assert done(client.get(address))["status"] == "active"


def test_one_stored_under_another_id_hides_the_same_version_only(client):
    url = f"{HL7}/ValueSet/list-order"
    body = {"resourceType": "ValueSet", "url": url, "status": "active"}
    other = done(client.post("/fhir/ValueSet", json=body | {"version": "9"}), 201)
    try:
        assert sorted(ids_of(done(client.get(f"/fhir/ValueSet?url={url}")))) == sorted(
            [other["id"], "list-order"]
        )
        done(
            client.put(
                f"/fhir/ValueSet/{other['id']}",
                json=body | {"id": other["id"], "version": "4.0.1"},
            )
        )
        assert ids_of(done(client.get(f"/fhir/ValueSet?url={url}"))) == [other["id"]]
    finally:
        client.delete(f"/fhir/ValueSet/{other['id']}")


def test_pages_go_from_what_is_stored_to_what_is_shipped(client):
    body = {"resourceType": "ValueSet", "name": "ClaimThing", "status": "draft"}
    made = [done(client.post("/fhir/ValueSet", json=body), 201)["id"] for _ in range(3)]
    try:
        everything = done(client.get("/fhir/ValueSet?name=claim&_count=50"))
        assert sorted(ids_of(everything)[:3]) == sorted(made)
        assert everything["total"] == len(ids_of(everything)) > 8
        for count in (1, 2, 3, 4):
            found: list[str] = []
            address: str | None = f"/fhir/ValueSet?name=claim&_count={count}"
            while address is not None:
                page = done(client.get(address))
                assert len(ids_of(page)) <= count
                found += ids_of(page)
                address = links(page).get("next")
            assert found == ids_of(everything)
    finally:
        for id_ in made:
            client.delete(f"/fhir/ValueSet/{id_}")


def test_the_definition_of_every_operation_is_where_the_capabilities_say(client):
    rest = done(client.get("/fhir/metadata"))["rest"][0]
    listed = {
        o["definition"]
        for of in (rest, *rest["resource"])
        for o in of.get("operation", ())
        # Found where the guide is installed.
        if "/us/core/" not in o["definition"] and "/uv/" not in o["definition"]
    }

    assert len(listed) > 20
    for definition in sorted(listed):
        found = resources(done(client.get(f"/fhir/OperationDefinition?url={definition}")))
        assert [r["url"] for r in found] == [definition]
        if definition.startswith(BASE):
            assert done(client.get(definition.removeprefix("http://127.0.0.1:8000"))) == found[0]


def test_our_operations_are_found_by_the_address_in_their_file_too(client):
    ours = next(o.definition for o in operations.values() if "fhirserver.example" in o.definition)

    assert len(ids_of(done(client.get(f"/fhir/OperationDefinition?url={ours}")))) == 1
