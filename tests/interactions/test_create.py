"""https://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

import re

import pytest

from tests.answers import done, path, place_of, refused
from tests.builders import a_patient, an_observation


def test_create_says_where_the_resource_is(client):
    answer = client.post("/fhir/Patient", json=a_patient())
    patient = done(answer, 201)

    assert re.fullmatch(
        rf"http://127\.0\.0\.1:8000/fhir/Patient/{patient['id']}/_history/1",
        answer.headers["Location"],
    )
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.last_modified is not None
    assert done(client.get(path(answer.headers["Location"]))) == patient


def test_what_was_sent_is_kept_as_it_was(client):
    sent = a_patient(birthDate="1980-02", active=True)

    made = done(client.post("/fhir/Patient", json=sent), 201)

    assert {k: v for k, v in made.items() if k not in {"id", "meta"}} == sent


def test_decimals_keep_their_digits(client):
    text = b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1.500}}'

    made = client.post("/fhir/Observation", data=text, content_type="application/fhir+json")
    read = client.get(f"/fhir/Observation/{made.json['id']}")

    assert re.search(rb'"value": ?1\.500}', made.data)
    assert re.search(rb'"value": ?1\.500}', read.data)


def test_an_exponent_is_kept(client):
    text = b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1.0e2}}'

    made = client.post("/fhir/Observation", data=text, content_type="application/fhir+json")

    assert b'"value":1.0E+2' in client.get(f"/fhir/Observation/{made.json['id']}").data


def test_an_id_in_the_body_is_passed_over(client):
    made = done(client.post("/fhir/Patient", json=a_patient(id="mine")), 201)

    assert made["id"] != "mine"


def test_version_and_date_in_the_body_are_passed_over_and_the_rest_of_meta_stays(client):
    meta = {
        "versionId": "7",
        "lastUpdated": "2001-01-01T00:00:00Z",
        "tag": [{"system": "http://hospital.example", "code": "x"}],
    }

    made = done(client.post("/fhir/Patient", json=a_patient(meta=meta)), 201)

    assert made["meta"]["versionId"] == "1"
    assert made["meta"]["lastUpdated"] > "2020"
    assert made["meta"]["tag"] == meta["tag"]


@pytest.mark.parametrize(
    ("prefer", "resource_type"),
    [
        ("return=representation", "Patient"),
        ("return=OperationOutcome", "OperationOutcome"),
        ('return="representation"', "Patient"),
        ("return=everything", "Patient"),
        ("respond-sync, return=OperationOutcome", "OperationOutcome"),
    ],
)
def test_prefer_decides_what_comes_back(client, prefer, resource_type):
    answer = client.post("/fhir/Patient", json=a_patient(), headers={"Prefer": prefer})

    assert done(answer, 201)["resourceType"] == resource_type
    assert answer.headers["Location"]


def test_prefer_minimal_has_no_body(client):
    answer = client.post("/fhir/Patient", json=a_patient(), headers={"Prefer": "return=minimal"})

    assert answer.status_code == 201
    assert answer.data == b""
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Location"]
    assert "Content-Type" not in answer.headers


def test_a_resource_of_another_type_is_refused(client):
    issue = refused(client.post("/fhir/Patient", json=an_observation()), 400)

    assert place_of(issue) == "resourceType"


def test_a_body_without_a_type_is_refused(client):
    assert place_of(refused(client.post("/fhir/Patient", json={}), 400)) == "resourceType"


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ({"birthDate": "yesterday"}, "Patient.birthDate"),
        ({"birthDate": "2023-02-30"}, "Patient.birthDate"),
        ({"gender": "f"}, "Patient.gender"),
        ({"active": "true"}, "Patient.active"),
        ({"name": {"family": "A"}}, "Patient.name"),
        ({"nickname": "A"}, "Patient.nickname"),
        ({"name": [{"family": "A"}, {"famly": "B"}]}, "Patient.name[1].famly"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "Patient.deceased"),
        ({"contact": []}, "Patient.contact"),
        ({"extension": [{"valueString": "a"}]}, "Patient.extension[0].url"),
        ({"contained": [{"resourceType": "Nothing"}]}, "Patient.contained[0].resourceType"),
        ({"link": [{"type": "seealso"}]}, "Patient.link[0].other"),
        ({"id": "a b"}, "Patient.id"),
        ({"id": "a" * 65}, "Patient.id"),
    ],
)
def test_a_resource_that_breaks_its_definition_is_refused_with_the_place(client, elements, place):
    answer = client.post("/fhir/Patient", json=a_patient(**elements))

    refused(answer, 400)
    assert place in [place_of(i) for i in answer.json["issue"]]


def test_every_mistake_is_named_at_once(client):
    answer = client.post("/fhir/Patient", json=a_patient(birthDate="x", gender="y", active=1))

    assert len(answer.json["issue"]) == 3


def test_nothing_is_written_for_a_refused_resource(client):
    tag = {"tag": [{"system": "http://hospital.example", "code": "refused"}]}

    refused(client.post("/fhir/Patient", json=a_patient(meta=tag, birthDate="x")), 400)

    assert done(client.get("/fhir/Patient?_tag=refused"))["total"] == 0


def test_what_was_created_is_found(client):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)

    assert done(client.get(f"/fhir/Patient?_id={made['id']}"))["total"] == 1


def test_a_resource_can_be_created_in_every_address_with_a_slash_at_its_end(client):
    done(client.post("/fhir/Patient/", json=a_patient()), 201)
