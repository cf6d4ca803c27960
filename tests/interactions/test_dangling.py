"""References to nobody, by the setting `check_references`."""

from __future__ import annotations

import pytest

from tests.answers import done, place_of, refused
from tests.builders import a_patient

UUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"


def observation(reference):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Pulse"},
        "subject": {"reference": reference},
    }


def posted(resource, **more):
    request = {"method": "POST", "url": resource["resourceType"]}
    return {"resource": resource, "request": request, **more}


def transaction(*entries):
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


@pytest.fixture
def strict(make_app, client_of):
    return client_of(make_app(check_references="reject"))


def test_by_default_a_reference_may_lead_nowhere(client):
    done(client.post("/fhir/Observation", json=observation("Patient/nobody")), 201)


def test_a_reference_to_nobody_is_refused(strict):
    found = refused(strict.post("/fhir/Observation", json=observation("Patient/nobody")), 400)

    assert (found["code"], place_of(found)) == ("not-found", "Observation.subject.reference")


def test_a_reference_to_a_definition_that_comes_with_the_server_is_right(strict):
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"url": "http://a.example"}}],
        "context": {"related": [{"reference": "ValueSet/administrative-gender"}]},
    }

    done(strict.post("/fhir/DocumentReference", json=document), 201)
    document["context"] = {"related": [{"reference": "ValueSet/klingon"}]}
    refused(strict.post("/fhir/DocumentReference", json=document), 400)


def test_a_reference_to_a_deleted_resource_is_refused(strict):
    made = done(strict.post("/fhir/Patient", json=a_patient()), 201)
    reference = f"Patient/{made['id']}"

    done(strict.post("/fhir/Observation", json=observation(reference)), 201)
    strict.delete(f"/fhir/{reference}")
    refused(strict.post("/fhir/Observation", json=observation(reference)), 400)


def test_references_inside_a_transaction_lead_to_its_entries(strict):
    body = transaction(posted(observation(UUID)), posted(a_patient(), fullUrl=UUID))

    done(strict.post("/fhir", json=body))


def test_a_transaction_with_a_reference_to_nobody_leaves_nothing(strict):
    before = done(strict.get("/fhir/Patient?_summary=count"))["total"]
    body = transaction(posted(a_patient()), posted(observation("Patient/nobody")))

    found = refused(strict.post("/fhir", json=body), 400)

    assert place_of(found) == "Bundle.entry[1].resource.subject.reference"
    assert done(strict.get("/fhir/Patient?_summary=count"))["total"] == before


@pytest.mark.parametrize("reference", ["http://there.example/fhir/Patient/1", UUID])
def test_what_is_elsewhere_is_not_looked_for(strict, reference):
    done(strict.post("/fhir/Observation", json=observation(reference)), 201)


def test_it_asks_once_for_each_type(strict, query_recorder):
    ids = [done(strict.post("/fhir/Patient", json=a_patient()), 201)["id"] for _ in range(3)]
    entries = [posted(observation(f"Patient/{i}")) for i in ids]
    query_recorder.clear()

    done(strict.post("/fhir", json=transaction(*entries)))

    assert len([q for q in query_recorder if q.startswith("SELECT r.id FROM")]) == 1
