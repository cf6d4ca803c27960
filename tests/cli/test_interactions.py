"""`fhirserver terminology load-interactions`, and CDS clients."""

from __future__ import annotations

import json

import pytest

from fhirserver import ids
from fhirserver.storage.clients import client_by_id
from tests.answers import done
from tests.builders import a_patient
from tests.prescribing.builders import a_prescription
from tests.smart.dance import key_pair, public


@pytest.fixture
def run(fhirserver, database_url, tmp_path):
    def call(*arguments):
        return fhirserver(
            *arguments, FHIRSERVER_DATABASE_URL=database_url, FHIRSERVER_DATA_DIR=str(tmp_path)
        )

    return call


def test_a_licensed_table_is_loaded_and_replaced(run, client, tmp_path):
    url = f"http://hospital.example/{ids.new()}"
    table = tmp_path / "table.csv"
    heading = "system,code,other_system,other_code,severity,explanation"
    patient = f"Patient/{done(client.post('/fhir/Patient', json=a_patient()), 201)['id']}"
    done(client.post("/fhir/MedicationRequest", json=a_prescription("4511", patient)), 201)

    def severities():
        asked = a_prescription("26225", patient, status="draft")
        answer = done(client.post("/fhir/MedicationRequest/$check", json=asked), 200)
        return [p["resource"]["severity"] for p in answer.get("parameter", ())]

    try:
        for severity in ("moderate", "low"):
            table.write_text(f"{heading}\nRxNorm,4511,RxNorm,26225,{severity},Only a test\n")
            loaded = run("terminology", "load-interactions", str(table), "--url", url)
            assert loaded.returncode == 0, loaded.stderr
            assert "1 pairs" in loaded.stdout
            assert severities() == [severity]
        table.write_text(f"{heading}\nRxNorm,4511\n")
        wrong = run("terminology", "load-interactions", str(table), "--url", url)
        assert wrong.returncode != 0
        assert "line 2" in wrong.stderr
        assert severities() == ["low"]
    finally:
        client.delete(f"/fhir/ConceptMap?url={url}")


def test_a_cds_client_is_registered_under_its_issuer(run, database, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(public(key_pair())))
    iss = f"https://ehr.example/{ids.new()}"

    added = run("client", "add", "EHR", "--cds-hooks", "--id", iss, "--jwks", str(keys))
    nameless = run("client", "add", "EHR", "--cds-hooks", "--jwks", str(keys))

    assert added.returncode == 0, added.stderr
    found = client_by_id(database, iss)
    assert (found.kind, found.details, found.grant_types, found.scope) == (
        "asymmetric",
        {"cds_hooks": True},
        (),
        "",
    )
    assert "--id" in nameless.stderr
