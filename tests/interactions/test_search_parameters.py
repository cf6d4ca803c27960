"""Search parameters that a site adds: https://hl7.org/fhir/R4/searchparameter.html"""

from __future__ import annotations

import itertools

import pytest

from conformance.faults import stored
from fhirserver.errors import Unavailable
from fhirserver.interactions import search_parameters
from tests.answers import done, place_of, refused, resources
from tests.builders import a_patient

NUMBERS = itertools.count()


def a_parameter(**changes):
    number = next(NUMBERS)
    return {
        "resourceType": "SearchParameter",
        "url": f"https://a.example/SearchParameter/{number}",
        "name": f"P{number}",
        "status": "active",
        "description": "A test",
        "code": f"added-{number}",
        "base": ["Patient"],
        "type": "token",
        "expression": "Patient.extension.where(url = 'https://a.example/eye').value.as(code)",
    } | changes


def with_eyes(colour, **changes):
    return a_patient(extension=[{"url": "https://a.example/eye", "valueCode": colour}], **changes)


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A busy machine may take longer for what is indexed at once than a client may wait."""
    monkeypatch.setattr(search_parameters, "AT_ONCE_SECONDS", 120.0)


@pytest.fixture
def written(client):
    """Writes a SearchParameter, and deletes it when the test is over."""
    made = []

    def write(**changes):
        parameter = done(client.post("/fhir/SearchParameter", json=a_parameter(**changes)), 201)
        made.append(parameter["id"])
        return parameter

    yield write
    for id_ in made:
        client.delete(f"/fhir/SearchParameter/{id_}")


def found(client, query):
    return [r["id"] for r in resources(done(client.get(f"/fhir/{query}")))]


def test_what_is_written_later_is_found_by_it(client, written):
    code = written()["code"]

    patient = done(client.post("/fhir/Patient", json=with_eyes("green")), 201)

    assert found(client, f"Patient?{code}=green") == [patient["id"]]


def test_what_was_there_before_is_found_by_it(client, written):
    patient = done(client.post("/fhir/Patient", json=with_eyes("amber")), 201)

    code = written()["code"]

    assert patient["id"] in found(client, f"Patient?{code}=amber")


def test_another_process_knows_it_on_its_next_request(make_app, client_of, written):
    other = client_of(make_app())
    found(other, "Patient?name=x")

    code = written()["code"]

    assert found(other, f"Patient?{code}=none") == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"code": "a.b"}, "code"),
        ({"code": "_sort"}, "code"),
        ({"code": "name"}, "code"),
        ({"base": ["Patient", "Bed"]}, "base[1]"),
        ({"expression": "Patient.name.where("}, "expression"),
        ({"expression": "Observation.status"}, "expression"),
        ({"type": "special"}, "type"),
        ({"type": "reference", "target": ["Bed"]}, "target[0]"),
        ({"type": "composite", "component": [
            {"definition": "http://hl7.org/fhir/SearchParameter/clinical-code", "expression": "x"},
            {"definition": "https://a.example/none", "expression": "x"},
        ]}, "component[1].definition"),
    ],
)  # fmt: skip
def test_a_definition_that_cannot_be_used_is_refused(client, changes, place):
    # What is no resource type breaks the definition of SearchParameter itself.
    status = 400 if "Bed" in str(changes) else 422

    issue = refused(client.post("/fhir/SearchParameter", json=a_parameter(**changes)), status)

    assert place_of(issue) == f"SearchParameter.{place}"


def test_a_code_that_another_site_parameter_has_is_refused(client, written):
    code = written()["code"]

    issue = refused(client.post("/fhir/SearchParameter", json=a_parameter(code=code)), 422)

    assert "choose another code" in issue["diagnostics"]


def test_a_draft_may_be_anything_and_answers_nothing(client, written):
    code = written(status="draft", expression="Patient.x.y.z")["code"]

    refused(client.get(f"/fhir/Patient?{code}=a"), 400)


def test_one_that_derives_from_the_standards_leaves_that_one_in_force(client, written):
    patient = done(client.post("/fhir/Patient", json=a_patient(birthDate="1911-11-11")), 201)
    derived = "http://hl7.org/fhir/SearchParameter/individual-birthdate"

    written(code="birthdate", type="date", expression="Patient.birthDate", derivedFrom=derived)

    assert found(client, "Patient?birthdate=1911-11-11") == [patient["id"]]


def test_a_type_gets_the_tables_that_it_had_no_need_of(client, written):
    basic = {
        "resourceType": "Basic", "code": {"text": "x"},
        "extension": [{"url": "https://a.example/n", "valueDecimal": 3.5}],
    }  # fmt: skip
    before = done(client.post("/fhir/Basic", json=basic), 201)
    where = "Basic.extension.where(url = 'https://a.example/n').value.as(decimal)"

    code = written(base=["Basic"], type="number", expression=where)["code"]

    after = done(client.post("/fhir/Basic", json=basic), 201)
    assert set(found(client, f"Basic?{code}=gt3.4")) == {before["id"], after["id"]}
    assert found(client, f"Basic?{code}=3.5&_sort={code}") == [before["id"], after["id"]]
    assert found(client, f"Basic?{code}=gt3.6") == []


def test_the_index_is_that_of_fresh_resources_when_one_comes_and_goes(app, client):
    store = app.extensions["fhirserver"].context.store
    done(client.post("/fhir/Patient", json=with_eyes("blue")), 201)

    parameter = done(client.post("/fhir/SearchParameter", json=a_parameter()), 201)
    assert stored.index_wrong(store, "Patient") == []
    assert found(client, f"Patient?{parameter['code']}=blue")

    done(client.delete(f"/fhir/SearchParameter/{parameter['id']}"), 204)
    assert stored.index_wrong(store, "Patient") == []
    refused(client.get(f"/fhir/Patient?{parameter['code']}=blue"), 400)


def test_a_retired_one_answers_no_more_and_an_active_one_again(client, written):
    parameter = written()
    address = f"/fhir/SearchParameter/{parameter['id']}"

    done(client.put(address, json=parameter | {"status": "retired"}))
    refused(client.get(f"/fhir/Patient?{parameter['code']}=a"), 400)

    done(client.put(address, json=parameter | {"description": "Back"}))
    done(client.get(f"/fhir/Patient?{parameter['code']}=a"))


def test_another_expression_is_reindexed(client, written):
    parameter = written()
    patient = done(client.post("/fhir/Patient", json=with_eyes("red", language="mi")), 201)

    changed = parameter | {"expression": "Patient.language"}
    done(client.put(f"/fhir/SearchParameter/{parameter['id']}", json=changed))

    assert patient["id"] in found(client, f"Patient?{parameter['code']}=mi")
    assert found(client, f"Patient?{parameter['code']}=red") == []


def test_an_expression_that_fails_keeps_nobody_from_being_admitted(client, written):
    two = a_patient(name=[{"family": "Failing-a"}, {"family": "Failing-b"}])
    there = done(client.post("/fhir/Patient", json=two), 201)

    code = written(type="string", expression="Patient.name.single().family")["code"]
    later = done(client.post("/fhir/Patient", json=two), 201)
    one = done(client.post("/fhir/Patient", json=a_patient(name=[{"family": "Failing-c"}])), 201)

    assert found(client, f"Patient?{code}=failing") == [one["id"]]
    assert set(found(client, "Patient?family=failing-b")) == {there["id"], later["id"]}


def test_what_fails_after_a_parameter_was_written_is_left_to_a_worker(
    client, written, monkeypatch, caplog
):
    def unavailable(*_, **__):
        raise Unavailable("a statement took too long")

    monkeypatch.setattr(search_parameters, "work", unavailable)

    written()

    assert "reindex_left_to_worker" in caplog.messages
