"""https://hl7.org/fhir/R4/http.html#ccreate, #cond-update and conditional delete"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, path, place_of, refused
from tests.builders import a_patient, an_identifier


@pytest.fixture
def identifier():
    return an_identifier()


@pytest.fixture
def value(identifier):
    """The identifier as a search value."""
    return f"{identifier['system']}|{identifier['value']}"


@pytest.fixture
def patient(client, identifier):
    return client.post("/fhir/Patient", json=a_patient(identifier=[identifier])).json


def create(client, resource, criteria):
    return client.post("/fhir/Patient", json=resource, headers={"If-None-Exist": criteria})


def test_create_with_no_match_creates(client, identifier, value):
    answer = create(client, a_patient(identifier=[identifier]), f"identifier={value}")

    assert done(answer, 201)["meta"]["versionId"] == "1"


def test_create_with_a_match_answers_with_that(client, patient, value):
    answer = create(client, a_patient(gender="male"), f"identifier={value}")

    assert done(answer) == patient
    assert path(answer.headers["Location"]) == f"/fhir/Patient/{patient['id']}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'


def test_create_with_many_matches_is_refused(client, identifier, value, patient):
    client.post("/fhir/Patient", json=a_patient(identifier=[identifier]))

    assert (
        refused(create(client, a_patient(), f"identifier={value}"), 412)["code"]
        == "multiple-matches"
    )


def test_a_deleted_resource_is_no_match(client, patient, value, identifier):
    client.delete(f"/fhir/Patient/{patient['id']}")

    done(create(client, a_patient(identifier=[identifier]), f"identifier={value}"), 201)


@pytest.mark.parametrize(
    "criteria",
    [
        "",
        "&",
        "foo=bar",
        "identifier=",
        "identifier",
        "birthdate=yesterday",
        "_count=1",
        "_sort=name",
        "_include=Patient:organization",
        "_summary=count",
        "identifier=a&foo=b",
        "identifier=%00",
        "identifier=%zz",
        "identifier=%ff",
        "name:fuzzy=a",
        "general-practitioner.foo=a",
        "_page=abc",
        "_format=json",
        "=",
        "&&=&",
        "Patient?identifier=a",
    ],
)
def test_criteria_that_do_not_select_are_refused_everywhere(client, criteria):
    refused(create(client, a_patient(), criteria), 400)
    refused(client.put(f"/fhir/Patient?{criteria}", json=a_patient()), 400)
    refused(client.delete(f"/fhir/Patient?{criteria}"), 400)
    patch = {"json": {"active": True}, "content_type": "application/merge-patch+json"}
    refused(client.patch(f"/fhir/Patient?{criteria}", **patch), 400)


def test_criteria_are_strict_even_where_the_client_is_lenient(client, value):
    headers = {"If-None-Exist": f"identifier={value}&foo=bar", "Prefer": "handling=lenient"}

    refused(client.post("/fhir/Patient", json=a_patient(), headers=headers), 400)


def test_criteria_in_utf_8_are_understood(client):
    name = "Žižka" + ids.new()
    client.post("/fhir/Patient", json=a_patient(name=[{"family": name}]))

    header = f"family={name}".encode().decode("latin-1")

    assert create(client, a_patient(), header).status_code == 200


def test_update_with_no_match_creates(client, identifier, value):
    answer = client.put(
        f"/fhir/Patient?identifier={value}", json=a_patient(identifier=[identifier])
    )

    assert done(answer, 201)["meta"]["versionId"] == "1"
    assert answer.headers["Location"]


def test_update_with_a_match_makes_its_next_version(client, patient, identifier, value):
    resource = a_patient(identifier=[identifier], gender="male")

    answer = client.put(f"/fhir/Patient?identifier={value}", json=resource)

    assert done(answer)["id"] == patient["id"]
    assert answer.headers["ETag"] == 'W/"2"'


def test_update_with_a_match_takes_its_id_and_no_other(client, patient, value):
    address = f"/fhir/Patient?identifier={value}"

    done(client.put(address, json=patient | {"gender": "male"}))
    issue = refused(client.put(address, json=patient | {"id": "another"}), 400)

    assert place_of(issue) == "Patient.id"


def test_update_with_no_match_takes_an_id_that_is_free(client, identifier, value):
    resource = a_patient(id=ids.new(), identifier=[identifier])

    answer = client.put(f"/fhir/Patient?identifier={value}", json=resource)

    assert done(answer, 201)["id"] == resource["id"]


def test_update_with_no_match_does_not_overwrite_another_resource(client, patient):
    address = f"/fhir/Patient?identifier={ids.new()}"

    refused(client.put(address, json=patient | {"gender": "male"}), 409)

    assert done(client.get(f"/fhir/Patient/{patient['id']}")) == patient


@pytest.mark.parametrize("id_", [".", ".."])
def test_update_with_no_match_refuses_an_id_without_an_address(client, id_):
    address = f"/fhir/Patient?identifier={ids.new()}"

    assert place_of(refused(client.put(address, json=a_patient(id=id_)), 400)) == "Patient.id"


def test_update_with_many_matches_is_refused(client, patient, identifier, value):
    client.post("/fhir/Patient", json=a_patient(identifier=[identifier]))

    refused(client.put(f"/fhir/Patient?identifier={value}", json=a_patient()), 412)


def test_update_honours_if_match(client, patient, identifier, value):
    resource = a_patient(identifier=[identifier], gender="male")
    address = f"/fhir/Patient?identifier={value}"

    refused(client.put(address, json=resource, headers={"If-Match": 'W/"2"'}), 412)
    done(client.put(address, json=resource, headers={"If-Match": 'W/"1"'}))
    refused(
        client.put(
            f"/fhir/Patient?identifier={ids.new()}", json=resource, headers={"If-Match": 'W/"1"'}
        ),
        412,
    )


def test_delete_with_a_match_deletes_it(client, patient, value):
    assert client.delete(f"/fhir/Patient?identifier={value}").status_code == 204
    refused(client.get(f"/fhir/Patient/{patient['id']}"), 410)


def test_delete_with_no_match_is_done_already(client):
    assert client.delete(f"/fhir/Patient?identifier={ids.new()}").status_code == 204


def test_delete_with_many_matches_deletes_none(client, patient, identifier, value):
    client.post("/fhir/Patient", json=a_patient(identifier=[identifier]))

    refused(client.delete(f"/fhir/Patient?identifier={value}"), 412)

    assert done(client.get(f"/fhir/Patient?identifier={value}"))["total"] == 2


@pytest.mark.parametrize("way", ["create", "update"])
def test_feeds_in_a_race_make_one_resource(app, client_of, at_once, identifier, value, way):
    answers = []
    clients = [client_of(app) for _ in range(8)]

    def feed(number):
        client = clients[number]
        for i in range(5):
            resource = a_patient(identifier=[identifier], birthDate=f"{1900 + number}-0{i + 1}")
            if way == "create":
                answers.append(create(client, resource, f"identifier={value}"))
            else:
                answers.append(client.put(f"/fhir/Patient?identifier={value}", json=resource))

    at_once(feed, range(8))

    assert sorted(a.status_code for a in answers) == [200] * 39 + [201]
    assert len({a.json["id"] for a in answers}) == 1
    versions = 1 if way == "create" else 40
    history = done(clients[0].get(f"/fhir/Patient/{answers[0].json['id']}/_history?_count=99"))
    found = [e["resource"]["meta"]["versionId"] for e in history["entry"]]
    assert found == [str(v) for v in range(versions, 0, -1)]


def test_create_takes_its_condition_from_the_address_too(client, patient, value):
    answer = client.post("/fhir/Patient", query_string={"identifier": value}, json=a_patient())

    assert done(answer) == patient


def test_create_takes_one_condition_only(client, value):
    answer = client.post(
        "/fhir/Patient",
        query_string={"identifier": value},
        json=a_patient(),
        headers={"If-None-Exist": f"identifier={value}"},
    )

    refused(answer, 400)
