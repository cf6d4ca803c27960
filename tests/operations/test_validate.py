"""https://hl7.org/fhir/R4/resource-operation-validate.html"""

from __future__ import annotations

import json

import pytest

from tests.answers import done, place_of, refused
from tests.builders import a_patient

OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "Pulse"}}
XML = "application/fhir+xml"


def problems(answer, severity="error"):
    outcome = done(answer)
    assert outcome["resourceType"] == "OperationOutcome"
    return [i for i in outcome["issue"] if i["severity"] == severity]


def lines(issue):
    return [e["valueInteger"] for e in issue["extension"]]


def test_a_valid_resource_has_no_errors(client):
    assert problems(client.post("/fhir/Patient/$validate", json=a_patient())) == []


def test_errors_are_told_with_line_and_column(client):
    body = '{\n  "resourceType": "Patient",\n  "gender": "klingon",\n  "x": 1\n}'

    found = problems(
        client.post("/fhir/Patient/$validate", data=body, content_type="application/fhir+json")
    )

    assert [(place_of(i), lines(i)) for i in found] == [
        ("Patient.gender", [3, 3]),
        ("Patient.x", [4, 3]),
    ]


def test_xml_has_lines_too(client):
    body = '<Patient xmlns="http://hl7.org/fhir">\n  <gender value="klingon"/>\n</Patient>'

    (found,) = problems(client.post("/fhir/Patient/$validate", data=body, content_type=XML))

    assert (place_of(found), lines(found)) == ("Patient.gender", [2, 3])


def test_all_that_is_wrong_with_xml_is_told_at_once(client):
    body = (
        '<Patient xmlns="http://hl7.org/fhir">\n  <nickname value="A"/>\n'
        '  <active value="yes"/>\n  <gender value="klingon"/>\n</Patient>'
    )

    found = problems(client.post("/fhir/Patient/$validate", data=body, content_type=XML))

    assert [(place_of(i), lines(i)[0]) for i in found] == [
        ("Patient", 2),
        ("Patient.active", 3),
        ("Patient.gender", 4),
    ]


def test_other_operations_refuse_xml_that_is_not_fhir(client):
    body = '<Patient xmlns="http://hl7.org/fhir"><nickname value="A"/></Patient>'

    answer = client.post("/fhir/$convert", data=body, content_type=XML)

    assert refused(answer, 400)["diagnostics"].startswith("nickname is not an element")


def test_nothing_is_stored(client):
    before = done(client.get("/fhir/Patient?_summary=count"))["total"]

    client.post("/fhir/Patient/$validate", json=a_patient())

    assert done(client.get("/fhir/Patient?_summary=count"))["total"] == before


def test_a_resource_and_a_profile_in_parameters(client):
    blood_pressure = "http://hl7.org/fhir/StructureDefinition/bp"
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": OBSERVATION},
            {"name": "profile", "valueUri": blood_pressure},
        ],
    }

    found = problems(client.post("/fhir/Observation/$validate", json=body))

    assert found
    assert all(lines(i) == [1, lines(i)[1]] for i in found)
    assert problems(client.post("/fhir/Observation/$validate", json=OBSERVATION)) == []


def test_the_profile_may_be_in_the_address(client):
    url = "/fhir/Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/vitalsigns"

    assert problems(client.post(url, json=OBSERVATION))


def test_an_unknown_profile_is_an_error(client):
    url = "/fhir/Patient/$validate?profile=http://nowhere.example/StructureDefinition/a"

    (found,) = problems(client.post(url, json=a_patient()))

    assert found["code"] == "not-found"


def test_an_unknown_declared_profile_is_a_warning(client):
    patient = a_patient(meta={"profile": ["http://nowhere.example/StructureDefinition/a"]})

    answer = client.post("/fhir/Patient/$validate", json=patient)

    assert problems(answer) == []
    assert "Patient.meta.profile[0]" in [place_of(i) for i in problems(answer, "warning")]


def test_a_stored_profile_is_known_at_once(client):
    profile = {
        "resourceType": "StructureDefinition",
        "url": "http://wards.example/StructureDefinition/named",
        "name": "Named",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
    }
    made = done(client.post("/fhir/StructureDefinition", json=profile), 201)
    url = f"/fhir/Patient/$validate?profile={profile['url']}"

    (found,) = problems(client.post(url, json={"resourceType": "Patient", "active": True}))
    assert found["code"] == "required"

    profile["differential"]["element"][0]["min"] = 0
    client.put(f"/fhir/StructureDefinition/{made['id']}", json={**profile, "id": made["id"]})
    assert problems(client.post(url, json={"resourceType": "Patient", "active": True})) == []


def test_a_stored_resource_is_validated_by_its_address(client):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)

    assert problems(client.get(f"/fhir/Patient/{made['id']}/$validate")) == []
    refused(client.get("/fhir/Patient/nobody/$validate"), 404)


def test_a_reference_to_nobody_is_an_error(client):
    observation = {**OBSERVATION, "subject": {"reference": "Patient/nobody"}}

    (found,) = problems(client.post("/fhir/Observation/$validate", json=observation))

    assert place_of(found) == "Observation.subject"


def test_update_needs_the_id_of_the_address(client):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)
    url = f"/fhir/Patient/{made['id']}/$validate?mode=update"

    assert problems(client.post(url, json=made)) == []
    assert place_of(problems(client.post(url, json={**made, "id": "other"}))[0]) == "Patient.id"


def test_delete_asks_whether_it_is_there(client):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)

    assert problems(client.get(f"/fhir/Patient/{made['id']}/$validate?mode=delete")) == []
    refused(client.get("/fhir/Patient/nobody/$validate?mode=delete"), 404)


@pytest.mark.parametrize("query", ["?mode=sometimes", "?mode=profile", "?mode=create"])
def test_a_mode_that_cannot_be_is_refused(client, query):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)

    refused(client.get(f"/fhir/Patient/{made['id']}/$validate{query}"), 400)


def test_the_type_must_be_that_of_the_address(client):
    found = problems(client.post("/fhir/Patient/$validate", json=OBSERVATION))

    assert place_of(found[0]) == "resourceType"


def test_what_is_no_resource_is_answered(client):
    assert problems(client.post("/fhir/Patient/$validate", json={"resourceType": "Person1"}))
    refused(client.post("/fhir/Patient/$validate", data="{", content_type="application/json"), 400)


def test_a_deep_or_wide_body_ends_soon(client):
    item = {"linkId": "a", "text": "a", "type": "string", "x": 1}
    wide = {"resourceType": "Questionnaire", "status": "draft", "item": [item] * 5_000}

    found = problems(client.post("/fhir/Questionnaire/$validate", json=wide))

    assert 1 < len(json.dumps(found)) < 1_000_000
