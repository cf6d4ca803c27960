"""$expunge: what it removes, and what it doesn't."""

from __future__ import annotations

import pytest

from fhirserver.storage.schema import ORDERED, ordered, table
from fhirserver.storage.tables import kinds_needed
from tests.answers import done, ids_of, refused
from tests.builders import a_patient


@pytest.fixture(scope="module")
def allowing(make_app):
    return make_app(allow_expunge=True)


@pytest.fixture
def sure(allowing, client_of):
    return client_of(allowing)


def asking(**flags):
    found = [{"name": name, "valueBoolean": flag} for name, flag in flags.items()]
    return {"resourceType": "Parameters", "parameter": found}


ALL = asking(expungeDeletedResources=True)
OLD = asking(expungePreviousVersions=True)


@pytest.fixture
def patient(sure):
    """A patient with three versions."""
    made = done(sure.post("/fhir/Patient", json=a_patient(birthDate="1980-01-01")), 201)
    for family in ("Two", "Three"):
        done(sure.put(f"/fhir/Patient/{made['id']}", json=made | {"name": [{"family": family}]}))
    return made["id"]


def rows_of(database, patient):
    """How many rows any table has of the patient, by table, without the tables that have none."""
    ((key,),) = database.read(
        f"SELECT key FROM {table('resource', 'Patient')} WHERE id = %s", (patient,)
    )
    names = [table("resource", "Patient"), table("history", "Patient")]
    names += [ordered(k, "Patient") for k in ORDERED if k in kinds_needed("Patient")]

    def counted():
        found = {
            n: database.read(f"SELECT count(*) FROM {n} WHERE key = %s", (key,))[0][0]
            for n in names
        }
        found["change"] = database.read(
            "SELECT count(*) FROM fhir.change WHERE type = 'Patient' AND key = %s", (key,)
        )[0][0]
        return {n: count for n, count in found.items() if count}

    return counted


def test_a_deleted_resource_leaves_nothing(sure, patient, database):
    count = rows_of(database, patient)
    sure.delete(f"/fhir/Patient/{patient}")

    answer = done(sure.post(f"/fhir/Patient/{patient}/$expunge", json=ALL))

    assert answer["parameter"] == [{"name": "count", "valueInteger": 4}]
    assert count() == {}
    refused(sure.get(f"/fhir/Patient/{patient}"), 404)
    refused(sure.get(f"/fhir/Patient/{patient}/_history"), 404)
    refused(sure.get(f"/fhir/Patient/{patient}/_history/1"), 404)
    assert patient not in ids_of(done(sure.get("/fhir/Patient/_history?_count=50")))


def test_its_id_can_be_used_again(sure, patient):
    sure.delete(f"/fhir/Patient/{patient}")
    done(sure.post(f"/fhir/Patient/{patient}/$expunge", json=ALL))

    made = done(sure.put(f"/fhir/Patient/{patient}", json=a_patient(id=patient)), 201)

    assert made["meta"]["versionId"] == "1"


def test_what_isnt_deleted_is_kept(sure, patient, database):
    count = rows_of(database, patient)
    before = count()

    refused(sure.post(f"/fhir/Patient/{patient}/$expunge", json=ALL), 409)

    assert count() == before


def test_old_versions_go_and_the_current_one_stays(sure, patient):
    answer = done(sure.post(f"/fhir/Patient/{patient}/$expunge", json=OLD))

    assert answer["parameter"][0]["valueInteger"] == 2
    assert done(sure.get(f"/fhir/Patient/{patient}"))["meta"]["versionId"] == "3"
    refused(sure.get(f"/fhir/Patient/{patient}/_history/1"), 404)
    assert done(sure.get(f"/fhir/Patient/{patient}/_history"))["total"] == 1
    assert done(sure.get(f"/fhir/Patient?_id={patient}&family=three"))["total"] == 1
    again = done(sure.put(f"/fhir/Patient/{patient}", json=a_patient(id=patient)))
    assert again["meta"]["versionId"] == "4"


def test_others_keep_theirs(sure, patient):
    other = done(sure.post("/fhir/Patient", json=a_patient()), 201)["id"]
    sure.delete(f"/fhir/Patient/{other}")
    sure.delete(f"/fhir/Patient/{patient}")

    done(sure.post(f"/fhir/Patient/{patient}/$expunge", json=ALL))

    assert done(sure.get(f"/fhir/Patient/{other}/_history"))["total"] == 2


def test_it_is_off_by_default(client, patient):
    issue = refused(client.post(f"/fhir/Patient/{patient}/$expunge", json=OLD), 403)

    assert "FHIRSERVER_ALLOW_EXPUNGE" in issue["diagnostics"]
    assert done(client.get(f"/fhir/Patient/{patient}/_history"))["total"] == 3


@pytest.mark.parametrize("scope", ["user/*.cruds", "system/*.cru", "system/*.r user/*.cruds"])
def test_only_a_system_may(sure, patient, token, scope):
    headers = {"Authorization": f"Bearer {token(scope)}"}

    refused(sure.post(f"/fhir/Patient/{patient}/$expunge", json=OLD, headers=headers), 403)


@pytest.mark.parametrize("body", [asking(), asking(expungePreviousVersions=False), None])
def test_it_must_be_said_what(sure, patient, body):
    body = body and {k: v for k, v in body.items() if v != []}

    refused(sure.post(f"/fhir/Patient/{patient}/$expunge", json=body), 400)


def test_it_is_never_a_get_nor_of_many(sure, patient):
    refused(sure.get(f"/fhir/Patient/{patient}/$expunge?expungePreviousVersions=true"), 405)
    refused(sure.post("/fhir/Patient/$expunge", json=OLD), 404)
    refused(sure.post("/fhir/$expunge", json=OLD), 404)
    refused(sure.post("/fhir/Patient/nobody-was/$expunge", json=ALL), 404)
