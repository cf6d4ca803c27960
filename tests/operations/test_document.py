"""https://hl7.org/fhir/R4/composition-operation-document.html"""

from __future__ import annotations

import pytest

from fhirserver import ids
from fhirserver.validation import check
from tests.answers import done, place_of, refused
from tests.builders import a_patient, an_observation


def put(client, resource):
    resource = {**resource, "id": ids.new()}
    address = f"{resource['resourceType']}/{resource['id']}"
    done(client.put(f"/fhir/{address}", json=resource), 201)
    return {"reference": address}


@pytest.fixture
def letter(client):
    """A discharge letter: the composition's address, and what belongs to it."""
    patient = put(client, a_patient())
    hospital = put(client, {"resourceType": "Organization", "name": "H"})
    role = put(client, {"resourceType": "PractitionerRole", "organization": hospital})
    result = put(client, an_observation(subject=patient, performer=[hospital]))
    composition = put(client, {
        "resourceType": "Composition", "status": "final", "type": {"text": "letter"},
        "date": "2024-05-01", "title": "Discharge", "subject": patient, "author": [role],
        "section": [{"title": "Results", "entry": [result]}],
    })  # fmt: skip
    return composition["reference"], [r["reference"] for r in (patient, hospital, role, result)]


def members(bundle):
    return [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]]


def test_the_document_is_the_composition_and_what_it_refers_to(client, letter):
    address, others = letter

    made = done(client.get(f"/fhir/{address}/$document"))

    assert made["type"] == "document"
    assert members(made)[0] == address
    assert sorted(members(made)[1:]) == sorted(others)
    assert made["entry"][0]["fullUrl"].endswith(address)
    assert check(made) == []


def test_the_composition_may_be_named_by_a_parameter(client, letter):
    address, _ = letter
    own = address.partition("/")[2]

    for name in (own, address, f"http://127.0.0.1:8000/fhir/{address}"):
        assert members(done(client.get(f"/fhir/Composition/$document?id={name}")))[0] == address
    refused(client.get(f"/fhir/{address}/$document?id={own}"), 400)
    refused(client.get("/fhir/Composition/$document"), 400)
    refused(client.get("/fhir/Composition/$document?id=http://other.example/Composition/1"), 400)
    refused(client.get("/fhir/Composition/$document?id=nobody-here"), 404)
    refused(client.get(f"/fhir/{address}/$document?graph=http://g.example"), 400)


def test_a_document_can_be_stored(client, letter):
    address, _ = letter
    persist = {
        "resourceType": "Parameters",
        "parameter": [{"name": "persist", "valueBoolean": True}],
    }

    answer = client.post(f"/fhir/{address}/$document", json=persist)

    made = done(answer, 201)
    location = answer.headers["Location"].partition("/fhir/")[2]
    assert location.startswith(f"Bundle/{made['id']}")
    assert members(done(client.get(f"/fhir/Bundle/{made['id']}"))) == members(made)
    assert refused(client.get(f"/fhir/{address}/$document?persist=true"), 405)


def test_what_is_missing_is_named(client, letter):
    address, others = letter
    client.delete(f"/fhir/{others[-1]}")

    issue = refused(client.get(f"/fhir/{address}/$document"), 422)

    assert place_of(issue) == "Composition.section[0].entry[0].reference"


def test_another_patients_result_doesnt_get_into_it(client, letter):
    address, _ = letter
    theirs = put(client, an_observation(subject=put(client, a_patient())))
    composition = done(client.get(f"/fhir/{address}"))
    composition["section"][0]["entry"].append(theirs)
    done(client.put(f"/fhir/{address}", json=composition))

    issue = refused(client.get(f"/fhir/{address}/$document"), 422)

    assert place_of(issue) == "Composition.section[0].entry[1].reference"


def test_a_document_is_whole_or_none(client, letter, token):
    address, _ = letter
    headers = {"Authorization": f"Bearer {token('user/Composition.r user/Patient.r')}"}

    refused(client.get(f"/fhir/{address}/$document", headers=headers), 403)
