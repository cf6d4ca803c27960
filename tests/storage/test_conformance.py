"""Stored conformance resources by canonical address, and what tells that one has changed."""

from __future__ import annotations

import threading

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver.model.conformance import shipped
from fhirserver.storage.conformance import StoredConformance
from fhirserver.storage.database import Database
from tests.builders import a_patient

URL = "http://acme.org/fhir/ValueSet/wards"


def a_value_set(**more) -> dict:
    return {"resourceType": "ValueSet", "url": URL, "status": "active", **more}


@pytest.fixture
def conformance(own_app: Flask) -> StoredConformance:
    return own_app.extensions["fhirserver"].context.conformance


@pytest.fixture(autouse=True)
def _empty(own_client: FlaskClient) -> None:
    own_client.delete(f"/fhir/ValueSet?url={URL}")


def put(client: FlaskClient, resource: dict) -> None:
    kind, id_ = resource["resourceType"], resource["id"]
    assert client.put(f"/fhir/{kind}/{id_}", json=resource).status_code in {200, 201}


def title(conformance: StoredConformance, canonical: str = URL) -> str | None:
    found = conformance.find("ValueSet", canonical)
    return None if found is None else found.get("title")


def test_a_stored_definition_is_found_at_once(own_client, conformance) -> None:
    assert conformance.find("ValueSet", URL) is None
    put(own_client, a_value_set(id="w", title="first"))
    first = title(conformance)
    put(own_client, a_value_set(id="w", title="second"))
    second = title(conformance)
    own_client.delete("/fhir/ValueSet/w")

    assert (first, second, conformance.find("ValueSet", URL)) == ("first", "second", None)


def test_a_stored_code_system_is_found_and_its_versions_are_known(own_client, conformance) -> None:
    for version in ("1.0.0", "2.0.0"):
        put(
            own_client,
            {
                "resourceType": "CodeSystem",
                "id": f"beds{version}",
                "url": "http://acme.org/beds",
                "version": version,
                "status": "active",
                "content": "complete",
            },
        )

    found = conformance.find("CodeSystem", "http://acme.org/beds")
    assert found is not None
    assert found["version"] == "2.0.0"
    assert conformance.versions("CodeSystem", "http://acme.org/beds") == ("1.0.0", "2.0.0")


def test_another_process_learns_of_it_with_its_next_question(
    own_client, own_app, conformance
) -> None:
    other = StoredConformance(own_app.extensions["fhirserver"].context.store.database, shipped())
    put(own_client, a_value_set(id="w", title="first"))
    seen = [title(other), title(conformance)]
    put(own_client, a_value_set(id="w", title="second"))

    assert [*seen, title(other), title(conformance)] == ["first", "first", "second", "second"]
    own_client.delete("/fhir/ValueSet/w")


def test_without_a_version_the_newest_stored_one_is_meant(own_client, conformance) -> None:
    for version in ("9.0.0", "10.0.0"):
        put(own_client, a_value_set(id=f"w{version}", version=version, title=version))

    assert title(conformance) == "10.0.0"
    assert title(conformance, f"{URL}|9.0.0") == "9.0.0"
    assert conformance.find("ValueSet", f"{URL}|8.0.0") is None
    for version in ("9.0.0", "10.0.0"):
        own_client.delete(f"/fhir/ValueSet/w{version}")


def test_an_address_below_another_is_another(own_client, conformance) -> None:
    put(own_client, a_value_set(id="w", url=f"{URL}/north"))

    assert conformance.find("ValueSet", URL) is None
    own_client.delete("/fhir/ValueSet/w")


def test_what_is_stored_comes_before_what_is_shipped(own_client, conformance) -> None:
    shipped = "http://hl7.org/fhir/ValueSet/event-status"
    before = title(conformance, shipped)
    put(own_client, a_value_set(id="w", url=shipped, title="ours"))
    ours = title(conformance, shipped)
    own_client.delete("/fhir/ValueSet/w")

    assert (before, ours, title(conformance, shipped)) == ("EventStatus", "ours", "EventStatus")


def test_the_addresses_are_those_stored_and_those_shipped(own_client, conformance) -> None:
    put(own_client, a_value_set(id="w"))

    urls = set(conformance.urls("ValueSet"))

    assert {URL, "http://hl7.org/fhir/ValueSet/event-status"} <= urls
    own_client.delete("/fhir/ValueSet/w")


def test_a_stored_naming_system_is_found_by_a_unique_id(own_client, conformance) -> None:
    unique = [{"type": "oid", "value": "1.2.3.4"}]
    system = {"resourceType": "NamingSystem", "id": "n", "name": "MRN", "status": "active"}
    put(own_client, system | {"kind": "identifier", "date": "2026-01-01", "uniqueId": unique})

    assert (conformance.find("NamingSystem", "1.2.3.4") or {})["name"] == "MRN"
    assert "1.2.3.4" in conformance.urls("NamingSystem")


def test_only_conformance_resources_change_the_generation(own_client, conformance) -> None:
    before = conformance.generation
    own_client.post("/fhir/Patient", json=a_patient())
    patient = conformance.generation
    put(own_client, a_value_set(id="w"))
    created = conformance.generation
    own_client.delete("/fhir/ValueSet/w")

    assert before == patient
    assert len({before, created, conformance.generation}) == 3


def test_a_change_that_is_rolled_back_leaves_no_trace(own_client, own_app, conformance) -> None:
    put(own_client, a_value_set(id="w", title="kept"))
    database = own_app.extensions["fhirserver"].context.store.database
    before = conformance.generation
    inside = []

    def change() -> None:
        with database.transaction() as connection:
            connection.execute(
                """UPDATE resource."ValueSet" SET version = version + 1,
                content = content || '{"title": "lost"}'"""
            )
            with database.reading_inside():
                inside.append(title(conformance))
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()

    assert (*inside, title(conformance)) == ("lost", "kept")
    assert conformance.generation == before
    own_client.delete("/fhir/ValueSet/w")


def test_writers_of_definitions_do_not_wait_for_one_another(
    own_url, own_client, conformance
) -> None:
    put(own_client, a_value_set(id="w"))
    touch = """UPDATE resource."ValueSet" SET version = version WHERE id = 'w'"""
    start = conformance.generation
    with psycopg.connect(own_url) as one, psycopg.connect(own_url, autocommit=True) as other:
        one.execute(touch)
        other.execute("SET lock_timeout = '2s'")
        other.execute("""UPDATE resource."ValueSet" SET version = version WHERE id = 'absent'""")
        middle = conformance.generation
    end = conformance.generation

    assert len({start, middle, end}) == 3
    own_client.delete("/fhir/ValueSet/w")


def test_a_change_committed_late_is_seen(own_url, own_client, conformance) -> None:
    """Numbers are taken in one order and committed in another."""
    put(own_client, a_value_set(id="w"))
    touch = """UPDATE resource."ValueSet" SET version = version WHERE id = '{}'"""
    seen = []
    with psycopg.connect(own_url) as early, psycopg.connect(own_url) as late:
        early.execute(touch.format("w"))
        late.execute(touch.format("absent"))
        late.commit()
        seen.append(conformance.generation)
        early.commit()
        seen.append(conformance.generation)

    assert seen[0] != seen[1]
    own_client.delete("/fhir/ValueSet/w")


def test_a_lookup_costs_one_small_statement(
    own_client, conformance, query_recorder, monkeypatch
) -> None:
    conformance.find("ValueSet", URL)
    query_recorder.clear()
    asked, row = [], Database.row
    monkeypatch.setattr(Database, "row", lambda self, sql: asked.append(sql) or row(self, sql))
    for _ in range(200):
        conformance.find("ValueSet", URL)

    assert len(asked) == 200
    assert query_recorder == []


def test_threads_may_ask_at_once(own_app, own_client, conformance) -> None:
    put(own_client, a_value_set(id="w", title="w"))
    found: list[str | None] = []
    database = own_app.extensions["fhirserver"].context.store.database

    def ask() -> None:
        found.extend(title(conformance) for _ in range(20))
        database.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["w"] * 80
    own_client.delete("/fhir/ValueSet/w")
