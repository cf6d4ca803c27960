"""https://hl7.org/fhir/R4/conceptmap-operation-closure.html"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused


@pytest.fixture
def system(client):
    """animal > mammal > (cat, dog), animal > bird; and a `pet` above cat and dog, too."""
    pets = [{"code": "parent", "valueCode": "pet"}]
    made = {
        "resourceType": "CodeSystem", "url": f"http://hospital.example/{ids.new()}", "version": "1",
        "status": "active", "content": "complete", "caseSensitive": True,
        "property": [{"code": "parent", "type": "code",
                      "uri": "http://hl7.org/fhir/concept-properties#parent"}],
        "concept": [
            {"code": "animal", "concept": [
                {"code": "mammal", "concept": [
                    {"code": "cat", "property": pets}, {"code": "dog", "property": pets}]},
                {"code": "bird"}]},
            {"code": "pet"},
        ],
    }  # fmt: skip
    return done(client.post("/fhir/CodeSystem", json=made), 201)


def asked(client, name, system=None, *codes, **more):
    url = system["url"] if system else None
    given = [{"name": "name", "valueString": name}]
    given += [{"name": "concept", "valueCoding": {"system": url, "code": c}} for c in codes]
    given += [{"name": k, "valueString": v} for k, v in more.items()]
    body = {"resourceType": "Parameters", "parameter": given}
    return client.post("/fhir/$closure", json=body)


def closed(client, name, system=None, *codes, **more):
    return done(asked(client, name, system, *codes, **more))


def pairs(made):
    """(code, the code that subsumes it)."""
    return {
        (e["code"], t["code"])
        for g in made.get("group", ())
        for e in g["element"]
        for t in e["target"]
        if t["equivalence"] == "subsumes"
    }


@pytest.fixture
def name():
    return ids.new()


def test_a_table_begins_empty(client, name):
    made = closed(client, name)

    assert (made["resourceType"], made["version"], made["name"]) == ("ConceptMap", "0", name)
    assert "group" not in made
    assert done(client.post("/fhir/ConceptMap/$validate", json=made))["issue"]


def test_each_addition_tells_what_is_new_in_both_directions(client, name, system):
    closed(client, name)
    first = closed(client, name, system, "cat", "animal")
    second = closed(client, name, system, "mammal", "pet", "bird")

    assert (first["version"], pairs(first)) == ("1", {("cat", "animal")})
    assert second["version"] == "2"
    assert pairs(second) == {
        ("cat", "mammal"), ("mammal", "animal"), ("cat", "pet"), ("bird", "animal"),
    }  # fmt: skip
    group = second["group"][0]
    assert (group["source"], group["sourceVersion"]) == (system["url"], "1")


def test_what_is_there_already_changes_nothing(client, name, system):
    closed(client, name)
    closed(client, name, system, "cat", "animal")

    again = closed(client, name, system, "cat")

    assert (again["version"], pairs(again)) == ("1", set())


def test_a_client_may_ask_again_from_a_version_on(client, name, system):
    closed(client, name)
    closed(client, name, system, "cat", "animal")
    closed(client, name, system, "mammal")

    everything = closed(client, name, version="0")

    assert everything["version"] == "2"
    assert pairs(everything) == {("cat", "animal"), ("cat", "mammal"), ("mammal", "animal")}
    assert pairs(closed(client, name, version="1")) == {("cat", "mammal"), ("mammal", "animal")}
    assert pairs(closed(client, name, version="2")) == set()


def test_a_name_alone_begins_again(client, name, system):
    closed(client, name)
    closed(client, name, system, "cat", "animal")

    assert closed(client, name)["version"] == "0"
    assert pairs(closed(client, name, version="0")) == set()


def test_a_table_that_was_not_begun_is_not_found(client, name, system):
    refused(asked(client, name, system, "cat"), 404)
    refused(asked(client, name, version="1"), 404)


def test_one_unknown_code_leaves_nothing_behind(client, name, system):
    closed(client, name)

    issue = refused(asked(client, name, system, "cat", "animal", "unicorn"), 422)

    assert issue["expression"] == ["Parameters.parameter.where(name='concept')[2]"]
    assert closed(client, name, version="0")["version"] == "0"


def test_another_version_of_the_code_system_makes_a_new_beginning_necessary(client, name, system):
    closed(client, name)
    closed(client, name, system, "cat")
    changed = {**system, "version": "2"}
    done(client.put(f"/fhir/CodeSystem/{system['id']}", json=changed))

    issue = refused(asked(client, name, system, "animal"), 422)

    assert "begin it again" in issue["diagnostics"]


@pytest.mark.parametrize(
    ("codes", "more"),
    [((), {"version": "x"}), ((), {"version": "-1"}), (("cat",), {"version": "1"})],
)
def test_what_cannot_be_asked_is_refused(client, name, system, codes, more):
    closed(client, name)

    refused(asked(client, name, system, *codes, **more), 400)


def test_a_version_that_is_not_yet_there_is_refused(client, name):
    closed(client, name)

    refused(asked(client, name, version="7"), 422)


def test_two_callers_have_tables_of_their_own(client, name, system, database):
    from fhirserver.storage.tokens import issue

    other = issue(database, subject="other", scope="system/*.cruds", lifetime_seconds=60)
    closed(client, name)

    made = client.post(
        "/fhir/$closure",
        json={"resourceType": "Parameters", "parameter": [
            {"name": "name", "valueString": name}, {"name": "version", "valueString": "0"}]},
        headers={"Authorization": f"Bearer {other}"},
    )  # fmt: skip

    refused(made, 404)


def test_additions_at_the_same_time_miss_no_pair(client, name, system, at_once):
    closed(client, name)

    at_once(
        lambda code: closed(client, name, system, code), ["cat", "dog", "animal", "mammal", "bird"]
    )

    everything = closed(client, name, version="0")
    assert everything["version"] == "5"
    assert pairs(everything) == {
        ("cat", "animal"), ("cat", "mammal"), ("dog", "animal"), ("dog", "mammal"),
        ("mammal", "animal"), ("bird", "animal"),
    }  # fmt: skip
