"""Declared profiles of what is written, by the setting `profile_validation`."""

from __future__ import annotations

import pytest

from fhirserver.interactions.conforming import TAG
from tests.answers import done, place_of, refused
from tests.builders import a_patient

URL = "http://wards.example/StructureDefinition/with-birth-date"
PROFILE = {
    "resourceType": "StructureDefinition",
    "id": "with-birth-date",
    "url": URL,
    "name": "WithBirthDate",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {
        "element": [{"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1}]
    },
}
TELL = {"Prefer": "return=OperationOutcome"}


def nameless(**more):
    patient = a_patient(meta={"profile": [URL]}, **more)
    return {k: v for k, v in patient.items() if k != "birthDate"}


@pytest.fixture
def server(make_app, client_of):
    """A client of a server with some setting, which knows the profile."""

    def make(setting):
        client = client_of(make_app(profile_validation=setting))
        put = client.put("/fhir/StructureDefinition/with-birth-date", json=PROFILE)
        assert put.status_code in {200, 201}
        return client

    return make


def test_reject_refuses_what_breaks_its_profile(server):
    client = server("reject")

    found = refused(client.post("/fhir/Patient", json=nameless()), 400)

    assert (found["code"], place_of(found)) == ("required", "Patient")
    done(client.post("/fhir/Patient", json=nameless() | {"birthDate": "1970"}), 201)


def test_reject_looks_at_updates_and_patches_too(server):
    client = server("reject")
    good = done(client.post("/fhir/Patient", json=nameless() | {"birthDate": "1970"}), 201)
    url = f"/fhir/Patient/{good['id']}"

    refused(client.put(url, json=nameless() | {"id": good["id"]}), 400)
    remove = [{"op": "remove", "path": "/birthDate"}]
    refused(client.patch(url, json=remove, content_type="application/json-patch+json"), 400)
    assert done(client.get(url))["birthDate"] == "1970"


def test_what_is_contained_is_held_to_the_profile_that_it_declares(server):
    client = server("reject")
    contained = [nameless(id="1")]
    basic = {"resourceType": "Basic", "code": {"text": "A"}, "subject": {"reference": "#1"}}

    found = refused(client.post("/fhir/Basic", json=basic | {"contained": contained}), 400)

    assert place_of(found) == "Basic.contained[0]"


def test_a_bad_entry_of_a_transaction_is_named(server):
    client = server("reject")
    entries = [
        {"resource": resource, "request": {"method": "POST", "url": "Patient"}}
        for resource in (a_patient(), nameless())
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    found = refused(client.post("/fhir", json=bundle), 400)

    assert place_of(found) == "Bundle.entry[1].resource"


def test_an_unknown_profile_refuses_nothing(server):
    patient = a_patient(meta={"profile": ["http://nowhere.example/a"]})

    answer = done(server("reject").post("/fhir/Patient", json=patient, headers=TELL), 201)

    assert [(i["severity"], place_of(i)) for i in answer["issue"]] == [
        ("warning", "Patient.meta.profile[0]"),
        ("information", None),
    ]


def test_warn_stores_and_tells_who_asks(server):
    client = server("warn")

    answer = done(client.post("/fhir/Patient", json=nameless(), headers=TELL), 201)

    assert [i["severity"] for i in answer["issue"]] == ["warning", "information"]
    assert "tag" not in done(client.post("/fhir/Patient", json=nameless()), 201)["meta"]


def test_tag_marks_what_breaks_its_profile_until_it_is_mended(server):
    client = server("tag")

    made = done(client.post("/fhir/Patient", json=nameless()), 201)
    assert made["meta"]["tag"] == [TAG]
    again = done(client.put(f"/fhir/Patient/{made['id']}", json=nameless() | {"id": made["id"]}))
    assert again["meta"]["versionId"] == "1"
    mended = done(client.put(f"/fhir/Patient/{made['id']}", json={**made, "birthDate": "1970"}))
    assert "tag" not in mended["meta"]


def test_off_looks_at_nothing(server):
    answer = done(server("off").post("/fhir/Patient", json=nameless(), headers=TELL), 201)

    assert [i["severity"] for i in answer["issue"]] == ["information"]


def test_what_declares_no_profile_is_not_looked_at(server):
    patient = a_patient()

    done(server("reject").post("/fhir/Patient", json=patient), 201)
