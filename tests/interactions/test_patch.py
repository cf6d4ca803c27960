"""https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, place_of, refused
from tests.builders import a_patient, an_identifier

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
TO_MALE = [{"op": "replace", "path": "/gender", "value": "male"}]


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient(gender="female")).json


@pytest.fixture
def patch(client):
    def send(id_, body, content_type=JSON_PATCH, **headers):
        return client.patch(
            f"/fhir/Patient/{id_}",
            json=body,
            content_type=content_type,
            headers={k.replace("_", "-"): v for k, v in headers.items()},
        )

    return send


def test_a_json_patch_makes_the_next_version(client, patient, patch):
    answer = patch(patient["id"], TO_MALE)

    assert done(answer)["gender"] == "male"
    assert answer.headers["ETag"] == 'W/"2"'
    assert done(client.get(f"/fhir/Patient/{patient['id']}")) == answer.json


def test_a_merge_patch_changes_adds_and_removes(patient, patch):
    body = {"gender": None, "birthDate": "1980", "name": [{"family": "New"}]}

    patched = done(patch(patient["id"], body, MERGE_PATCH))

    assert "gender" not in patched
    assert patched["birthDate"] == "1980"
    assert patched["name"] == [{"family": "New"}]


def test_plain_json_is_a_merge_patch(patient, patch):
    assert done(patch(patient["id"], {"gender": "male"}, "application/json"))["gender"] == "male"


@pytest.mark.parametrize("content_type", ["application/fhir+turtle", "text/plain", "x"])
def test_other_patches_are_refused_and_the_known_ones_named(patient, patch, content_type):
    answer = patch(patient["id"], TO_MALE, content_type)

    refused(answer, 415)
    assert JSON_PATCH in answer.headers["Accept-Patch"]


def test_a_test_that_fails_changes_nothing(client, patient, patch):
    body = [*TO_MALE, {"op": "test", "path": "/gender", "value": "female"}]

    refused(patch(patient["id"], body), 422)

    assert done(client.get(f"/fhir/Patient/{patient['id']}")) == patient


def test_a_test_that_holds_lets_the_patch_through(patient, patch):
    body = [{"op": "test", "path": "/gender", "value": "female"}, *TO_MALE]

    assert done(patch(patient["id"], body))["gender"] == "male"


def test_a_patch_that_makes_the_resource_invalid_is_refused_with_the_place(client, patient, patch):
    body = [{"op": "replace", "path": "/gender", "value": "f"}]

    assert place_of(refused(patch(patient["id"], body), 400)) == "Patient.gender"
    assert done(client.get(f"/fhir/Patient/{patient['id']}")) == patient


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/id", "value": "other"},
        {"op": "remove", "path": "/id"},
        {"op": "replace", "path": "/resourceType", "value": "Person"},
        {"op": "remove", "path": "/resourceType"},
        {"op": "replace", "path": "", "value": {"resourceType": "Person"}},
        {"op": "replace", "path": "", "value": 7},
        {"op": "replace", "path": "", "value": []},
    ],
)
def test_a_patch_can_not_make_it_another_resource(patient, patch, operation):
    refused(patch(patient["id"], [operation]), 400)


@pytest.mark.parametrize("operation", ["version", "date"])
def test_a_patch_can_not_set_version_and_date(patient, patch, operation):
    element = {"version": "versionId", "date": "lastUpdated"}[operation]
    value = {"version": "77", "date": "2001-01-01T00:00:00Z"}[operation]

    body = [{"op": "replace", "path": f"/meta/{element}", "value": value}, *TO_MALE]

    assert done(patch(patient["id"], body))["meta"][element] != value


def test_a_patch_that_removes_meta_does_no_harm(patient, patch):
    assert (
        done(patch(patient["id"], [{"op": "remove", "path": "/meta"}]))["meta"]["versionId"] == "1"
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        "text",
        7,
        None,
        [7],
        [{}],
        [{"op": "replace"}],
        [{"op": "fly", "path": "/gender"}],
        [{"op": ["add"], "path": "/gender", "value": 1}],
        [{"op": "replace", "path": "gender", "value": "male"}],
        [{"op": "replace", "path": 7, "value": "male"}],
        [{"op": "add", "path": "/gender"}],
        [{"op": "move", "path": "/gender"}],
        [{"op": "add", "path": "/~2", "value": 1}],
    ],
)
def test_a_json_patch_that_is_none_is_refused(patient, patch, body):
    refused(patch(patient["id"], body), 400)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/birthDate"},
        {"op": "replace", "path": "/name/7/family", "value": "A"},
        {"op": "add", "path": "/name/9", "value": {"family": "A"}},
        {"op": "remove", "path": "/name/0/given/0/x"},
        {"op": "copy", "from": "/nothing", "path": "/gender"},
        {"op": "remove", "path": ""},
    ],
)
def test_an_operation_that_can_not_be_done_is_refused(client, patient, patch, operation):
    refused(patch(patient["id"], [operation]), 422)

    assert done(client.get(f"/fhir/Patient/{patient['id']}")) == patient


def test_an_unknown_id_is_not_found(patch):
    refused(patch(ids.new(), TO_MALE), 404)


def test_a_deleted_resource_is_gone(client, patient, patch):
    client.delete(f"/fhir/Patient/{patient['id']}")

    refused(patch(patient["id"], TO_MALE), 410)


def test_if_match_is_honoured(patient, patch):
    refused(patch(patient["id"], TO_MALE, If_Match='W/"7"'), 412)
    done(patch(patient["id"], TO_MALE, If_Match='W/"1"'))


def test_a_patch_that_changes_nothing_makes_no_version(patient, patch):
    body = [{"op": "replace", "path": "/gender", "value": "female"}]

    assert patch(patient["id"], body).headers["ETag"] == 'W/"1"'


def test_an_empty_patch_changes_nothing(patient, patch):
    assert done(patch(patient["id"], [])) == patient
    assert done(patch(patient["id"], {}, MERGE_PATCH)) == patient


@pytest.mark.parametrize("body", [[], 7, "a", None])
def test_a_merge_patch_must_be_an_object(patient, patch, body):
    refused(patch(patient["id"], body, MERGE_PATCH), 400)


def test_prefer_is_honoured(patient, patch):
    answer = patch(patient["id"], TO_MALE, Prefer="return=minimal")

    assert answer.status_code == 200
    assert answer.data == b""


def test_one_match_is_patched(client, patch):
    identifier = an_identifier()
    client.post("/fhir/Patient", json=a_patient(identifier=[identifier], gender="female"))

    answer = client.patch(
        f"/fhir/Patient?identifier={identifier['value']}", json=TO_MALE, content_type=JSON_PATCH
    )

    assert done(answer)["gender"] == "male"


def test_no_match_is_not_found(client):
    address = f"/fhir/Patient?identifier={ids.new()}"

    refused(client.patch(address, json=TO_MALE, content_type=JSON_PATCH), 404)


def test_many_matches_are_refused(client):
    identifier = an_identifier()
    for _ in range(2):
        client.post("/fhir/Patient", json=a_patient(identifier=[identifier]))

    address = f"/fhir/Patient?identifier={identifier['value']}"
    refused(client.patch(address, json=TO_MALE, content_type=JSON_PATCH), 412)


def test_a_patch_without_id_or_condition_is_refused(client):
    refused(client.patch("/fhir/Patient", json=TO_MALE, content_type=JSON_PATCH), 400)


def test_a_value_copied_into_itself_again_and_again_is_refused_in_time(patient, patch):
    grow = {"op": "copy", "from": "/name", "path": "/name/0/extension"}

    assert patch(patient["id"], [grow] * 100).status_code in {400, 422}
