"""https://hl7.org/fhir/R4/http.html#read and #vread"""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.http import http_date

from fhirserver import ids
from tests.answers import done, refused
from tests.builders import a_patient


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient(gender="female")).json


@pytest.fixture
def changed(client, patient):
    """The patient's address after a second version has been written."""
    return client.put(f"/fhir/Patient/{patient['id']}", json=patient | {"gender": "male"}).json


def test_read_answers_with_the_resource_its_version_and_its_date(client, patient):
    answer = client.get(f"/fhir/Patient/{patient['id']}")

    assert done(answer) == patient
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert patient["meta"]["lastUpdated"][:19] == answer.last_modified.isoformat()[:19]


def test_head_has_the_headers_of_get_and_no_body(client, patient):
    address = f"/fhir/Patient/{patient['id']}"

    got, answer = client.get(address), client.head(address)

    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["ETag"] == got.headers["ETag"]
    assert answer.headers["Content-Length"] == got.headers["Content-Length"]
    assert answer.headers["Last-Modified"] == got.headers["Last-Modified"]


@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "1", '"7", W/"1"', "*"])
def test_a_version_that_the_client_has_is_not_sent_again(client, patient, tag):
    answer = client.get(f"/fhir/Patient/{patient['id']}", headers={"If-None-Match": tag})

    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("tag", ['W/"2"', "%%%", '"', "x y"])
def test_another_version_is_sent(client, patient, tag):
    answer = client.get(f"/fhir/Patient/{patient['id']}", headers={"If-None-Match": tag})

    assert done(answer) == patient


def test_what_has_not_changed_since_a_date_is_not_sent_again(client, patient):
    address = f"/fhir/Patient/{patient['id']}"
    updated = client.get(address).last_modified

    def since(date):
        return client.get(address, headers={"If-Modified-Since": http_date(date)}).status_code

    assert since(updated) == 304
    assert since(updated + timedelta(days=1)) == 304
    assert since(updated - timedelta(seconds=1)) == 200


@pytest.mark.parametrize("date", ["yesterday", "", "Tue, 99 Foo 2020 00:00:00 GMT"])
def test_a_date_that_is_none_is_passed_over(client, patient, date):
    answer = client.get(f"/fhir/Patient/{patient['id']}", headers={"If-Modified-Since": date})

    assert answer.status_code == 200


def test_the_tag_counts_before_the_date(client, patient):
    address = f"/fhir/Patient/{patient['id']}"
    updated = client.get(address).headers["Last-Modified"]

    headers = {"If-None-Match": 'W/"9"', "If-Modified-Since": updated}

    assert client.get(address, headers=headers).status_code == 200


def test_an_unknown_id_is_not_found(client):
    issue = refused(client.get(f"/fhir/Patient/{ids.new()}"), 404)

    assert issue["code"] == "not-found"


def test_all_absent_resources_look_the_same(client):
    one, other = ids.new(), ids.new()
    answers = [client.get(f"/fhir/Patient/{i}") for i in (one, other)]

    assert answers[0].text.replace(one, "") == answers[1].text.replace(other, "")


def test_an_unknown_resource_type_is_not_found(client):
    assert "Patientt" in refused(client.get("/fhir/Patientt/1"), 404)["diagnostics"]


def test_a_deleted_resource_is_gone_and_names_its_version(client, patient):
    client.delete(f"/fhir/Patient/{patient['id']}")

    answer = client.get(f"/fhir/Patient/{patient['id']}")

    assert refused(answer, 410)["code"] == "deleted"
    assert answer.headers["ETag"] == 'W/"2"'


def test_vread_answers_with_each_version(client, patient, changed):
    first = client.get(f"/fhir/Patient/{patient['id']}/_history/1")
    second = client.get(f"/fhir/Patient/{patient['id']}/_history/2")

    assert done(first) == patient
    assert first.headers["ETag"] == 'W/"1"'
    assert done(second) == changed
    assert second.headers["ETag"] == 'W/"2"'


def test_vread_of_the_deletion_is_gone_and_earlier_versions_stay(client, patient):
    client.delete(f"/fhir/Patient/{patient['id']}")

    refused(client.get(f"/fhir/Patient/{patient['id']}/_history/2"), 410)
    assert done(client.get(f"/fhir/Patient/{patient['id']}/_history/1")) == patient


@pytest.mark.parametrize("version", ["0", "3", "x", "99999999999", "1.0", "٣", "-1", "9" * 64])
def test_a_version_that_never_was_is_not_found(client, patient, changed, version):
    refused(client.get(f"/fhir/Patient/{patient['id']}/_history/{version}"), 404)


def test_vread_of_an_unknown_id_is_not_found(client):
    refused(client.get(f"/fhir/Patient/{ids.new()}/_history/1"), 404)


def test_vread_is_conditional_too(client, patient):
    address = f"/fhir/Patient/{patient['id']}/_history/1"

    assert client.get(address, headers={"If-None-Match": 'W/"1"'}).status_code == 304


def test_a_slash_at_the_end_changes_nothing(client, patient):
    assert done(client.get(f"/fhir/Patient/{patient['id']}/")) == patient


def test_a_resource_of_another_type_with_the_same_id_is_another(client, patient):
    refused(client.get(f"/fhir/Observation/{patient['id']}"), 404)
