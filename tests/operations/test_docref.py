"""http://hl7.org/fhir/us/core/OperationDefinition/docref"""

from __future__ import annotations

import pytest

from tests.answers import done, ids_of, links, refused
from tests.builders import a_patient, a_transaction, an_entry

LOINC = "http://loinc.org"


def a_document(patient, name, code="34133-9", **more):
    return {
        "resourceType": "DocumentReference", "id": f"{name}-{patient[:12]}", "status": "current",
        "type": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "content": [{
            "attachment": {"url": "http://documents.example/1"},
            "format": {"system": "http://formats.example", "code": f"http://format.example/{name}"},
        }],
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def patient(make_app, token):
    client = make_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    patient = done(client.post("/fhir/Patient", json=a_patient()), 201)["id"]
    period = {"start": "2024-05-01T08:00:00Z", "end": "2024-05-03T08:00:00Z"}
    documents = [
        a_document(patient, "summary"),
        a_document(patient, "note", "11488-4", context={"period": period}),
        a_document(patient, "old", date="2019-01-01T00:00:00Z"),
        a_document(patient, "wrong", status="entered-in-error"),
    ]
    entries = [an_entry("PUT", f"DocumentReference/{d['id']}", d) for d in documents]
    done(client.post("/fhir", json=a_transaction(*entries)))
    return patient


def ask(client, patient, query=""):
    found = done(client.get(f"/fhir/DocumentReference/$docref?patient={patient}{query}"))
    return {i.partition("-")[0] for i in ids_of(found)}


def test_all_current_documents_of_the_patient(client, patient):
    assert ask(client, patient) == {"summary", "note", "old"}


def test_of_a_type(client, patient):
    assert ask(client, patient, f"&type={LOINC}|11488-4") == {"note"}
    assert ask(client, patient, f"&type={LOINC}|11488-4&type={LOINC}|34133-9") == {
        "summary",
        "note",
        "old",
    }


def test_of_a_time_of_care(client, patient):
    """What has no date may be of any time."""
    assert ask(client, patient, "&start=2024-05-02") == {"summary", "note"}
    assert ask(client, patient, "&end=2020-01-01T00:00:00Z") == {"summary", "old"}
    assert ask(client, patient, "&start=2024-05-02T23:00:00-03:00&end=2024-05-03T02:30:00Z") == {
        "summary",
        "note",
    }
    refused(
        client.get(f"/fhir/DocumentReference/$docref?patient={patient}&start=2024&end=2023"), 400
    )


def test_of_a_format(client, patient):
    assert ask(client, patient, "&profile=http://format.example/note") == {"note"}


def test_by_post(client, patient):
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "patient", "valueId": patient},
        {"name": "type", "valueCoding": {"system": LOINC, "code": "11488-4"}},
    ]}  # fmt: skip

    found = done(client.post("/fhir/DocumentReference/$docref", json=body))

    assert found["type"] == "searchset"
    assert found["total"] == 1


def test_nobody_has_no_documents_and_none_is_made_on_demand(client, patient):
    assert ask(client, "nobody") == set()
    found = done(client.get(f"/fhir/DocumentReference/$docref?patient={patient}&on-demand=true"))
    assert found["total"] == 0


def test_a_patient_is_needed(client):
    refused(client.get("/fhir/DocumentReference/$docref"), 400)


def test_many_come_in_pages(make_app, client_of, patient):
    client = client_of(make_app(max_count=2))

    first = done(
        client.get(
            f"/fhir/DocumentReference/$docref?patient={patient}&type={LOINC}|34133-9&type={LOINC}|11488-4"
        )
    )
    second = done(client.get(links(first)["next"]))

    assert (len(ids_of(first)), len(ids_of(second))) == (2, 1)
    assert not set(ids_of(first)) & set(ids_of(second))
    assert "next" not in links(second)
