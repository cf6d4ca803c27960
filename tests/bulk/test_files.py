"""Who may see a job and fetch its files, until when, and what becomes of it."""

from __future__ import annotations

from uuid import UUID

import pytest

from fhirserver.access.policy import policy_of
from fhirserver.access.policy_resource import resource_of
from fhirserver.bulk.clearing import clear
from fhirserver.bulk.exporting import export_part
from fhirserver.storage import grants, jobs
from tests.bulk.conftest import ASYNC, BASE


@pytest.fixture
def patient(put):
    return put("Patient", "p", birthDate="2000-01-01")


def an_export(exports, query=None):
    where = exports.start("$export", query or {"_type": "Patient"})
    return where, exports.manifest(where)["output"][0]["url"].removeprefix(BASE)


def test_bulk_2_who_has_no_token_gets_nothing(exports, bulk_app, patient) -> None:
    where, file = an_export(exports)
    nobody = bulk_app.test_client()

    for answer in (
        nobody.get("/fhir/$export", headers=ASYNC),
        nobody.get(where),
        nobody.delete(where),
        nobody.get(file),
    ):
        assert answer.status_code == 401


def test_bulk_7_a_file_has_the_type_that_was_asked_for(exports, client, patient) -> None:
    _, file = an_export(exports)

    answer = client.get(file, headers={"Accept": "application/fhir+ndjson"})
    assert answer.status_code == 200
    assert answer.content_type.startswith("application/fhir+ndjson")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert answer.headers["Cache-Control"] == "no-store"


def test_055_somebody_else_sees_neither_the_job_nor_its_files(exports, client_as, patient) -> None:
    where, file = an_export(exports)
    other = client_as(subject="other")

    unknown = other.get("/fhir/bulk/00000000-0000-4000-8000-000000000000")
    for answer in (other.get(where), other.delete(where), other.get(file)):
        assert answer.status_code == 404
    assert other.get(where).data == unknown.data
    assert exports.client.get(file).status_code == 200


def test_056_a_file_is_gone_with_the_token_and_kept_by_nobody(
    exports, client_as, hands, patient
) -> None:
    where, file = an_export(exports)
    other_where, _ = an_export(exports)
    revoked = client_as()
    answer = revoked.get(file)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    # Whose address can't be guessed from another's: 122 bits of chance.
    assert (
        UUID(where.rpartition("/")[2]).version == UUID(other_where.rpartition("/")[2]).version == 4
    )

    grants.revoke_token(hands.database, revoked.environ_base["HTTP_AUTHORIZATION"].split()[1])

    assert revoked.get(file).status_code == 401
    assert revoked.get(where).status_code == 401


def test_057_a_rule_that_narrows_while_an_export_runs_holds_for_the_rest(
    exports, client, hands, put
) -> None:
    for number in range(20):
        put("Patient", f"n{number:02}", active=True)
    hands.database.write(
        "INSERT INTO access.client (id, name, kind, grant_types, scope) "
        "VALUES ('narrowed', 'An app', 'public', '{}', 'system/*.rs') ON CONFLICT DO NOTHING"
    )
    where = exports.start("$export", {"_type": "Patient"})
    job = where.rpartition("/")[2]
    hands.database.write(
        "UPDATE jobs.job SET client = 'narrowed', scope = 'system/*.rs' WHERE id = %s::uuid", (job,)
    )
    begun = jobs.find(hands.database, UUID(job))
    export_part(hands, begun)
    without = {"not": {"ids": ["n00", "n18", "n19"]}}
    rule = {"types": ["Patient"], "rights": "rs", "where": without}
    policy = policy_of(
        {"name": "narrowing", "clients": ["narrowed"], "status": "active", "rules": [rule]}
    )
    rules = {**resource_of(policy), "id": "narrowing"}
    assert client.put("/fhir/Basic/narrowing", json=rules).status_code == 201

    exports.work()

    files = hands.database.read("SELECT state, reason FROM jobs.job WHERE id = %s::uuid", (job,))
    assert files == [("done", None)]
    hands.database.write("UPDATE jobs.job SET client = NULL WHERE id = %s::uuid", (job,))
    found = {r["id"] for r in exports.resources(client.get(where).json)}
    assert "n17" in found
    assert not {"n18", "n19"} & found, "after the rule"
    client.delete("/fhir/Basic/narrowing")
    for number in range(20):
        client.delete(f"/fhir/Patient/n{number:02}")


def test_a_token_that_no_longer_allows_the_type_gets_no_file(exports, client_as, patient) -> None:
    _, file = an_export(exports)

    assert client_as("system/Observation.rs").get(file).status_code == 403
    assert client_as("system/Patient.rs").get(file).status_code == 200


def test_055_a_user_cannot_export(client_as) -> None:
    answer = client_as("user/*.rs").get("/fhir/$export", headers=ASYNC)

    assert answer.status_code == 403


def test_bulk_11_scopes_limit_the_export(exports, client_as, put, patient) -> None:
    put("Device", "d", deviceName=[{"name": "x", "type": "other"}])
    exports.client = client_as("system/Patient.rs system/Basic.rs")

    manifest = exports.manifest(exports.start())
    assert {f["type"] for f in manifest["output"]} == {"Patient"}
    refused = exports.client.get("/fhir/$export?_type=Patient,Device", headers=ASYNC)
    assert refused.status_code == 403
    assert "Device" in refused.json["issue"][0]["diagnostics"]


def test_a_group_is_exported_by_who_may_read_patients_only(
    exports, client_as, put, patient
) -> None:
    put("Group", "g", type="person", actual=True, member=[{"entity": {"reference": "Patient/p"}}])
    exports.client = client_as("system/Patient.rs")

    assert [r["id"] for r in exports.all("Group/g/$export")] == ["p"]
    absent = exports.client.get("/fhir/Group/none/$export", headers=ASYNC)
    assert absent.status_code == 404
    basic = client_as("system/Basic.rs").get("/fhir/Group/g/$export", headers=ASYNC)
    assert basic.status_code == 403


def test_a_scope_about_some_resources_exports_only_those(exports, client_as, put) -> None:
    put("Patient", "f", gender="female")
    put("Patient", "m", gender="male")
    exports.client = client_as("system/Patient.rs?gender=male")

    found = exports.all("Patient/$export", {"_type": "Patient"})
    assert [r["id"] for r in found] == ["m"]


def test_bulk_5_a_cancelled_export_is_gone(exports, client, hands, patient) -> None:
    where = exports.start()

    answer = client.delete(where)
    assert answer.status_code == 202
    after = client.get(where)
    assert after.status_code == 404
    assert after.json["resourceType"] == "OperationOutcome"
    exports.work()
    assert client.get(where).status_code == 404
    assert clear(hands.database, hands.blobs) >= 1


def test_files_are_gone_when_their_time_is_over(exports, client, hands, patient) -> None:
    where, file = an_export(exports)
    blobs = hands.database.read("SELECT count(*) FROM fhir.blob")[0][0]
    job = where.rpartition("/")[2]
    hands.database.write(
        "UPDATE jobs.job SET expires = now() - interval '1 s' WHERE id = %s::uuid", (job,)
    )

    clear(hands.database, hands.blobs)

    assert client.get(where).status_code == 404
    assert client.get(file).status_code == 404
    assert hands.database.read("SELECT count(*) FROM fhir.blob")[0][0] < blobs


def test_a_job_that_cannot_go_on_says_why(exports, client, hands, patient) -> None:
    where = exports.start("$export", {"_type": "Patient"})
    job = where.rpartition("/")[2]
    hands.database.write(
        "UPDATE jobs.job SET scope = 'system/Basic.rs' WHERE id = %s::uuid", (job,)
    )

    exports.work()
    answer = client.get(where)
    assert answer.status_code == 500
    assert "system/Patient.rs" in answer.json["issue"][0]["diagnostics"]


def test_a_part_that_is_done_twice_makes_no_second_file(exports, client, hands, patient) -> None:
    where = exports.start("$export", {"_type": "Patient"})
    hands.database.write(
        "INSERT INTO queue.item (topic, lane, content) SELECT topic, lane || '-again', content "
        "FROM queue.item WHERE lane = %s",
        (where.rpartition("/")[2],),
    )

    manifest = exports.manifest(where)
    assert len(manifest["output"]) == 1


def test_files_lie_encrypted(exports, bulk_app, put, patient) -> None:
    put("Patient", "named", name=[{"family": "Zyxwvutsrq"}])
    an_export(exports)

    folder = bulk_app.extensions["fhirserver"].context.settings.data_dir / "blobs"
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert files
    assert not [p for p in files if b"Zyxwvutsrq" in p.read_bytes()]


def test_bulk_1_the_capability_statement_says_what_is_offered(client) -> None:
    statement = client.get("/fhir/metadata").json

    assert (
        "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data" in statement["instantiates"]
    )
    rest = statement["rest"][0]
    offered = {r["type"]: r.get("operation", []) for r in rest["resource"]}
    url = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
    assert {"name": "export", "definition": f"{url}/group-export"} in offered["Group"]
    assert {"name": "export", "definition": f"{url}/patient-export"} in offered["Patient"]
    assert {"name": "export", "definition": f"{url}/export"} in rest["operation"]
