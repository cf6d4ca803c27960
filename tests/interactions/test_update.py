"""https://hl7.org/fhir/R4/http.html#update and #concurrency"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, path, place_of, refused
from tests.builders import a_patient


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient(gender="female")).json


def put(client, resource, **headers):
    address = f"/fhir/Patient/{resource['id']}"
    return client.put(
        address, json=resource, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_update_makes_the_next_version(client, patient):
    answer = put(client, patient | {"gender": "male"})

    assert done(answer)["gender"] == "male"
    assert answer.headers["ETag"] == 'W/"2"'
    assert answer.json["meta"]["versionId"] == "2"
    assert answer.last_modified is not None
    assert done(client.get(f"/fhir/Patient/{patient['id']}")) == answer.json


def test_the_date_rises_with_the_version(client, patient):
    dates = [patient["meta"]["lastUpdated"]]
    dates += [
        put(client, patient | {"gender": gender}).json["meta"]["lastUpdated"]
        for gender in ("male", "other", "unknown")
    ]

    assert sorted(set(dates)) == dates


def test_update_of_an_unused_id_creates(client):
    resource = a_patient(id=ids.new())

    answer = put(client, resource)

    assert done(answer, 201)["id"] == resource["id"]
    assert path(answer.headers["Location"]) == f"/fhir/Patient/{resource['id']}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("id_", ["another", None])
def test_the_id_must_be_that_of_the_address(client, patient, id_):
    resource = {k: v for k, v in patient.items() if k != "id"} | ({"id": id_} if id_ else {})

    issue = refused(client.put(f"/fhir/Patient/{patient['id']}", json=resource), 400)

    assert place_of(issue) == "Patient.id"


def test_an_update_that_changes_nothing_makes_no_version(client, patient):
    answer = put(client, patient)

    assert done(answer) == patient
    assert answer.headers["ETag"] == 'W/"1"'
    assert done(client.get(f"/fhir/Patient/{patient['id']}/_history"))["total"] == 1


def test_the_order_of_properties_is_no_change(client, patient):
    answer = put(client, dict(reversed(patient.items())))

    assert answer.headers["ETag"] == 'W/"1"'


def test_another_precision_is_a_change(client):
    text = '{"resourceType":"Observation","id":"%s","status":"final","code":{"text":"a"},"valueQuantity":{"value":%s}}'
    id_ = ids.new()

    for value, tag in (("1.0", 'W/"1"'), ("1.00", 'W/"2"'), ("1.00", 'W/"2"')):
        answer = client.put(
            f"/fhir/Observation/{id_}", data=text % (id_, value), content_type="application/json"
        )
        assert answer.headers["ETag"] == tag


@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "1", 'W/"5", W/"1"', "*"])
def test_if_match_with_the_current_version_lets_the_update_through(client, patient, tag):
    assert done(put(client, patient | {"gender": "male"}, If_Match=tag))["meta"]["versionId"] == "2"


@pytest.mark.parametrize("tag", ['W/"2"', 'W/"abc"', '"0"', "9" * 50, 'W/"1.0"', '""'])
def test_if_match_with_another_version_stops_the_update(client, patient, tag):
    issue = refused(put(client, patient | {"gender": "male"}, If_Match=tag), 412)

    assert issue["code"] == "conflict"
    assert done(client.get(f"/fhir/Patient/{patient['id']}")) == patient


@pytest.mark.parametrize("tag", ["%%", "", 'W/"', '"a', "W/1 2", "٣", "9" * 5000, ",", "\x7f"])
def test_an_if_match_that_is_none_is_refused(client, patient, tag):
    refused(put(client, patient | {"gender": "male"}, If_Match=tag.encode().decode("latin-1")), 400)


def test_if_match_on_an_unused_id_stops_the_update(client):
    refused(put(client, a_patient(id=ids.new()), If_Match='W/"1"'), 412)
    refused(put(client, a_patient(id=ids.new()), If_Match="*"), 412)


def test_a_lost_update_is_prevented(client, patient):
    done(put(client, patient | {"gender": "male"}, If_Match='W/"1"'))

    refused(put(client, patient | {"gender": "other"}, If_Match='W/"1"'), 412)


def test_if_none_match_star_lets_only_a_new_resource_through(client, patient):
    done(put(client, a_patient(id=ids.new()), If_None_Match="*"), 201)
    refused(put(client, patient | {"gender": "male"}, If_None_Match="*"), 412)


def test_if_none_match_with_a_version_is_refused(client, patient):
    refused(put(client, patient, If_None_Match='W/"1"'), 400)


def test_prefer_minimal_has_no_body(client, patient):
    answer = put(client, patient | {"gender": "male"}, Prefer="return=minimal")

    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["ETag"] == 'W/"2"'


def test_prefer_operation_outcome_says_that_all_is_well(client, patient):
    answer = put(client, patient | {"gender": "male"}, Prefer="return=OperationOutcome")

    assert done(answer)["issue"][0]["severity"] == "information"


@pytest.mark.parametrize("id_", [".", "..", "a_b", "a%20b", "%2F", "a" * 65, "%00", "%ff", "a%2Fb"])
def test_an_id_that_can_not_be_one_is_refused(client, id_):
    issue = refused(client.put(f"/fhir/Patient/{id_}", json=a_patient(id=id_[:64])), 400)

    assert "id" in issue["diagnostics"] or "UTF-8" in issue["diagnostics"]


def test_versions_are_contiguous_after_many_updates(client, patient):
    for number in range(30):
        put(client, patient | {"birthDate": f"19{number:02}"})

    history = done(client.get(f"/fhir/Patient/{patient['id']}/_history?_count=100"))
    versions = [e["resource"]["meta"]["versionId"] for e in history["entry"]]
    assert versions == [str(n) for n in range(31, 0, -1)]


def test_what_no_longer_applies_is_no_longer_found(client):
    name = "F" + ids.new()
    patient = client.post("/fhir/Patient", json=a_patient(name=[{"family": name}])).json

    put(client, patient | {"name": [{"family": "Other"}]})

    assert done(client.get(f"/fhir/Patient?family={name}"))["total"] == 0
