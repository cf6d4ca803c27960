"""`$export`: what is asked for, what the files hold, and when it is refused."""

from __future__ import annotations

import io
import time

import pytest
from pyarrow import parquet

from fhirserver import clock
from tests.bulk.conftest import ASYNC, BASE, names


def a_condition(id_: str, patient: str, **more):
    return {"subject": {"reference": f"Patient/{patient}"}, "code": {"text": id_}, **more}


@pytest.fixture
def ward(put, client):
    """Two patients with conditions, a group of one of them, and who treats them."""
    put("Organization", "house", name="House")
    put("Practitioner", "doc", name=[{"family": "Doc"}])
    put("Practitioner", "stranger", name=[{"family": "Unknown"}])
    put("PractitionerRole", "post", practitioner={"reference": "Practitioner/doc"},
        organization={"reference": "Organization/house"})  # fmt: skip
    for who in ("a", "b"):
        put("Patient", who, birthDate="2000-01-01", gender="female")
        for number in range(10):
            by = {"recorder": {"reference": "PractitionerRole/post"}} if number == 0 else {}
            put("Condition", f"{who}-{number}", **a_condition(f"{who}-{number}", who, **by))
    put("Group", "one", type="person", actual=True,
        member=[{"entity": {"reference": "Patient/a"}},
                {"entity": {"reference": "Patient/b"}, "inactive": True}])  # fmt: skip
    return client


def test_bulk_2_an_export_is_accepted_and_says_where_to_ask(exports, ward) -> None:
    answer = ward.get("/fhir/$export", headers=ASYNC)

    where = exports.began(answer)
    assert answer.status_code == 202
    assert where.startswith("/fhir/bulk/")
    status = ward.get(where)
    assert status.status_code == 202
    assert int(status.headers["Retry-After"]) >= 1
    assert len(status.headers["X-Progress"]) <= 100


def test_bulk_3_the_manifest_has_what_the_guide_demands(exports, ward) -> None:
    where = exports.start("$export?_type=Patient")
    manifest = exports.manifest(where)

    assert manifest.keys() >= {
        "transactionTime",
        "request",
        "requiresAccessToken",
        "output",
        "error",
    }
    assert manifest["request"] == f"{BASE}/fhir/$export?_type=Patient"
    assert manifest["requiresAccessToken"] is True
    answer = ward.get(where, headers={"Accept": "application/json"})
    assert answer.content_type.startswith("application/json")
    assert "Expires" in answer.headers


def test_bulk_4_every_file_has_a_type_and_an_absolute_address(exports, ward) -> None:
    manifest = exports.manifest(exports.start())

    assert all(f["url"].startswith(f"{BASE}/fhir/bulk/") for f in manifest["output"])
    assert {"Patient", "Condition", "Practitioner"} <= {f["type"] for f in manifest["output"]}


def test_bulk_8_each_line_is_one_resource_of_the_announced_type(exports, ward) -> None:
    manifest = exports.manifest(exports.start())

    for file in manifest["output"]:
        resources = exports.resources({"output": [file]})
        assert {r["resourceType"] for r in resources} == {file["type"]}
        assert len(resources) <= 7


def test_all_of_a_system_is_exported_once(exports, ward, client) -> None:
    found = exports.all("$export", {"_type": "Condition,Patient"})

    expected = [f"Condition/{w}-{n}" for w in "ab" for n in range(10)]
    assert names(found) == sorted([*expected, "Patient/a", "Patient/b"])
    assert found[0] == client.get(f"/fhir/{found[0]['resourceType']}/{found[0]['id']}").json


def test_what_belongs_to_patients_comes_with_what_it_refers_to(exports, ward) -> None:
    found = names(exports.all("Patient/$export"))

    assert {"Patient/a", "Patient/b", "Condition/a-1", "Condition/b-9"} <= set(found)
    assert {"PractitionerRole/post", "Practitioner/doc", "Organization/house"} <= set(found)
    assert "Practitioner/stranger" not in found
    assert len(found) == len(set(found))


def test_bulk_10_a_group_is_exported_without_who_left_it(exports, ward) -> None:
    found = names(exports.all("Group/one/$export"))

    assert {"Patient/a", "Condition/a-0", "Practitioner/doc"} <= set(found)
    assert not [n for n in found if n.endswith("/b") or "/b-" in n]


def test_only_the_patients_that_are_named_are_exported(exports, ward) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueReference": {"reference": "Patient/b"}},
            {"name": "_type", "valueString": "Patient,Condition"},
        ],
    }
    where = exports.began(ward.post("/fhir/Patient/$export", json=body, headers=ASYNC))

    found = names(exports.resources(exports.manifest(where)))
    assert found == sorted(["Patient/b", *(f"Condition/b-{n}" for n in range(10))])


def test_bulk_6_only_what_changed_since_is_exported_and_what_was_deleted(
    exports, ward, put, client
) -> None:
    put("Basic", "old", code={"text": "x"})
    put("Basic", "gone", code={"text": "x"})
    since = clock.now().isoformat()
    put("Basic", "new", code={"text": "x"})
    client.delete("/fhir/Basic/gone")

    manifest = exports.manifest(exports.start("$export", {"_type": "Basic", "_since": since}))
    assert names(exports.resources(manifest)) == ["Basic/new"]
    deleted = exports.resources(manifest, "deleted")
    assert [e["request"] for b in deleted for e in b["entry"]] == [
        {"method": "DELETE", "url": "Basic/gone"}
    ]


def test_only_what_changed_before_a_time_is_exported(exports, put) -> None:
    put("Library", "early", status="active", type={"text": "x"})
    until = clock.now().isoformat()
    put("Library", "late", status="active", type={"text": "x"})

    assert names(exports.all("$export", {"_type": "Library", "_until": until})) == ["Library/early"]


def test_a_type_filter_chooses_and_several_are_alternatives(exports, ward, put) -> None:
    put("Patient", "male", gender="male", birthDate="1950-01-01")
    put("Patient", "old", gender="female", birthDate="1900-01-01")
    filters = "Patient?gender=male,Patient?birthdate=lt1920&gender=female"

    found = exports.all("$export", {"_type": "Patient", "_typeFilter": filters})
    assert names(found) == ["Patient/male", "Patient/old"]
    ward.delete("/fhir/Patient/male")
    ward.delete("/fhir/Patient/old")


def test_only_the_elements_that_are_wanted_are_exported(exports, ward) -> None:
    found = exports.all("$export", {"_type": "Patient,Condition", "_elements": "Patient.gender"})

    patient = next(r for r in found if r["resourceType"] == "Patient")
    condition = next(r for r in found if r["resourceType"] == "Condition")
    assert "birthDate" not in patient
    assert patient["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "code" in condition


def test_all_files_are_of_the_time_of_the_request(exports, put, client) -> None:
    for number in range(20):
        put("Device", f"d{number}", deviceName=[{"name": "before", "type": "other"}])
    where = exports.start("$export", {"_type": "Device"})
    time.sleep(0.002)  # what changes in the same millisecond may be of either time
    put("Device", "d3", deviceName=[{"name": "after", "type": "other"}])
    put("Device", "d20", deviceName=[{"name": "after", "type": "other"}])
    client.delete("/fhir/Device/d5")

    found = exports.resources(exports.manifest(where))
    assert names(found) == sorted(f"Device/d{n}" for n in range(20))
    assert {r["deviceName"][0]["name"] for r in found} == {"before"}


@pytest.mark.parametrize("wanted", ["application/fhir+ndjson", "application/ndjson", "ndjson"])
def test_bulk_6_each_name_of_ndjson_is_taken(exports, ward, wanted) -> None:
    assert exports.start("$export", {"_outputFormat": wanted})


def test_parquet_holds_the_same_resources(exports, ward, client) -> None:
    query = {"_type": "Condition", "_outputFormat": "application/vnd.apache.parquet"}
    manifest = exports.manifest(exports.start("$export", query))

    rows = []
    for file in manifest["output"]:
        answer = client.get(file["url"].removeprefix(BASE))
        assert answer.content_type == "application/vnd.apache.parquet"
        rows += parquet.read_table(io.BytesIO(answer.data)).to_pylist()
    assert sorted(r["id"] for r in rows) == sorted(f"{w}-{n}" for w in "ab" for n in range(10))
    assert '"resourceType":"Condition"' in rows[0]["resource"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"_type": "Pateint"}, "Patient"),
        ({"_since": "yesterday"}, "_since"),
        ({"_outputFormat": "text/csv"}, "_outputFormat"),
        ({"_typeFilter": "Patient"}, "_typeFilter"),
        ({"_typeFilter": "Patient?color=red"}, "color"),
        ({"_typeFilter": "Patient?_sort=birthdate"}, "_sort"),
        ({"_type": "Patient", "_typeFilter": "Device?status=active"}, "Device"),
        ({"_elements": "colour"}, "colour"),
        ({"_wanted": "x"}, "_wanted"),
        ({"includeAssociatedData": "Everything"}, "includeAssociatedData"),
    ],
)
def test_bulk_6_what_cannot_be_exported_is_refused_with_the_reason(client, query, says) -> None:
    answer = client.get("/fhir/$export", query_string=query, headers=ASYNC)

    assert answer.status_code == 400
    assert says in answer.json["issue"][0]["diagnostics"]


def test_lenient_handling_passes_over_an_unknown_type_and_says_so(exports, ward) -> None:
    headers = {"Prefer": "respond-async, handling=lenient"}
    answer = ward.get("/fhir/$export?_type=Patient,Dragon", headers=headers)

    manifest = exports.manifest(exports.began(answer))
    assert names(exports.resources(manifest)) == ["Patient/a", "Patient/b"]
    assert "Dragon" in exports.resources(manifest, "error")[0]["issue"][0]["diagnostics"]


def test_bulk_6_the_client_must_be_ready_to_come_back(client) -> None:
    answer = client.get("/fhir/$export")

    assert answer.status_code == 400
    assert "respond-async" in answer.json["issue"][0]["diagnostics"]


def test_a_client_with_too_many_open_jobs_has_to_wait(exports) -> None:
    for _ in range(3):
        exports.start()

    answer = exports.client.get("/fhir/$export", headers=ASYNC)
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
