"""$diff over HTTP; what a difference is, tests/model/test_differences.py says."""

from __future__ import annotations

import pytest

from tests.answers import done, place_of, refused
from tests.builders import a_patient, an_observation


@pytest.fixture
def patient(client):
    made = done(client.post("/fhir/Patient", json=a_patient(gender="male")), 201)
    done(client.put(f"/fhir/Patient/{made['id']}", json=made | {"gender": "female"}))
    done(client.put(f"/fhir/Patient/{made['id']}", json=made | {"gender": "other", "active": True}))
    return f"Patient/{made['id']}"


def operations(answer):
    return [
        (o["part"][0]["valueCode"], o["part"][1]["valueString"])
        for o in answer.get("parameter", ())
    ]


def test_the_current_version_is_compared_with_the_one_before(client, patient):
    found = done(client.get(f"/fhir/{patient}/$diff"))

    assert operations(found) == [("replace", "Patient.gender"), ("add", "Patient")]
    assert found["parameter"][0]["part"][2] == {"name": "value", "valueCode": "other"}


def test_or_with_another_version(client, patient):
    assert operations(done(client.get(f"/fhir/{patient}/$diff?fromVersion=1")))
    refused(client.get(f"/fhir/{patient}/$diff?fromVersion=9"), 404)


def test_meta_counts_only_when_asked_for(client, patient):
    found = operations(done(client.get(f"/fhir/{patient}/$diff?includeMeta=true")))

    assert ("replace", "Patient.meta.versionId") in found


def test_any_two_of_a_type_are_compared(client, patient):
    other = done(client.post("/fhir/Patient", json=a_patient(gender="other")), 201)["id"]
    address = f"/fhir/$diff?from={patient}/_history/1&to=Patient/{other}"

    assert operations(done(client.get(address))) == [
        ("replace", "Patient.id"), ("replace", "Patient.gender"),
    ]  # fmt: skip


def test_what_it_cant_compare_is_refused(client, patient):
    weight = done(client.post("/fhir/Observation", json=an_observation()), 201)["id"]
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "from", "valueUri": "http://other.example/Patient/1"},
        {"name": "to", "valueUri": patient},
    ]}  # fmt: skip

    refused(client.get(f"/fhir/Observation/{weight}/$diff"), 404)
    refused(client.get(f"/fhir/$diff?from={patient}&to=Observation/{weight}"), 400)
    refused(client.get(f"/fhir/$diff?from={patient}"), 400)
    refused(client.get(f"/fhir/{patient}/$diff?from={patient}"), 400)
    assert (
        place_of(refused(client.post("/fhir/$diff", json=body), 400))
        == "Parameters.parameter[0].valueUri"
    )


def test_it_needs_the_right_to_read(client, patient, token):
    headers = {"Authorization": f"Bearer {token('user/Observation.r')}"}

    refused(client.get(f"/fhir/{patient}/$diff", headers=headers), 403)
