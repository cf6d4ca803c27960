"""A hospital's EHR prescribes with decision support, over real HTTP, from discovery to feedback.

https://cds-hooks.hl7.org/2.0/
"""

from __future__ import annotations

import time

import httpx
import pytest

from fhirserver import ids
from fhirserver.storage.clients import Client, add_client
from fhirserver.storage.tokens import issue
from tests.builders import a_patient
from tests.prescribing.builders import SNOMED, a_prescription, an_allergy
from tests.smart.dance import assertion, key_pair, public


@pytest.fixture
def fhir(running_server):
    """A doctor's session in the EHR."""
    with running_server.database() as database:
        bearer = issue(database, subject="ehr", scope="user/*.cruds", lifetime_seconds=300)
    with httpx.Client(headers={"Authorization": f"Bearer {bearer}"}, timeout=60) as client:
        yield client


def test_an_ehr_prefetches_asks_overrides_and_signs(running_server, fhir):
    key, iss = key_pair(), f"https://ehr.example/{ids.new()}"
    with running_server.database() as database:
        client = Client(
            iss, "EHR", "asymmetric", grant_types=(), jwks=public(key), details={"cds_hooks": True}
        )
        with database.transaction() as connection:
            add_client(connection, client)
    base = running_server.base
    root = base.removesuffix("/fhir")

    def post(resource):
        answer = fhir.post(f"{base}/{resource['resourceType']}", json=resource)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def call(path, body):
        address = f"{root}{path}"
        token = assertion(iss, key, sub=None, aud=address, iat=int(time.time()))
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(address, json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    patient = post(a_patient())["id"]
    post(an_allergy("764146007", SNOMED, patient=f"Patient/{patient}"))
    draft = post(a_prescription("308192", f"Patient/{patient}", status="draft"))

    services = httpx.get(f"{root}/cds-services").json()["services"]
    (service,) = [s for s in services if s["id"] == "prescription-sign-check"]
    assert service["hook"] == "order-sign"
    queries = {
        k: q.replace("{{context.patientId}}", patient) for k, q in service["prefetch"].items()
    }
    orders = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
    body = {
        "hook": "order-sign",
        "hookInstance": ids.new(),
        "fhirServer": base,
        "context": {"userId": "Practitioner/1", "patientId": patient, "draftOrders": orders},
        "prefetch": {k: fhir.get(f"{base}/{q}").json() for k, q in queries.items()},
    }
    (card,) = call(f"/cds-services/{service['id']}", body)["cards"]
    assert card["indicator"] == "critical"
    given = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": card["overrideReasons"][0]},
        "outcomeTimestamp": "2026-11-29T12:00:00Z",
    }
    assert call(f"/cds-services/{service['id']}/feedback", {"feedback": [given]}) == {}

    address = f"{base}/MedicationRequest/{draft['id']}"
    asked = {"Prefer": "return=OperationOutcome"}
    signed = fhir.put(address, json=draft | {"status": "active"}, headers=asked)
    assert signed.status_code == 200
    assert "ALGY, high" in signed.text
    assert fhir.put(address, json=draft | {"status": "stopped"}).status_code == 422
    listed = fhir.get(f"{base}/Patient/{patient}/$medication-summary").json()
    assert {p["name"] for p in listed["parameter"]} == {"medicine", "issue"}
