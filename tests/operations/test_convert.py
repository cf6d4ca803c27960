"""https://hl7.org/fhir/R4/resource-operation-convert.html"""

from __future__ import annotations

from fhirserver.model import json, xml
from tests.answers import refused

XML = "application/fhir+xml"
TEXT = (
    b'{"resourceType":"Observation","status":"final","code":{"text":"a"},'
    b'"valueQuantity":{"value":1.500}}'
)


def post(client, body, sent, wanted):
    return client.post("/fhir/$convert", data=body, content_type=sent, headers={"Accept": wanted})


def test_a_resource_becomes_xml_and_json_again_without_loss(client):
    there = post(client, TEXT, "application/fhir+json", XML)
    assert there.headers["Content-Type"].startswith(XML)
    assert b'<value value="1.500"/>' in there.data

    back = post(client, there.data, XML, "application/fhir+json")
    assert json.parse(back.data) == json.parse(TEXT)
    assert b"1.500" in back.data


def test_the_resource_may_be_in_a_parameters(client):
    body = {"resourceType": "Parameters",
            "parameter": [{"name": "input", "resource": json.parse(TEXT)}]}  # fmt: skip

    answer = post(client, json.dump(body), "application/fhir+json", XML)
    assert xml.read(answer.data) == json.parse(TEXT)


def test_what_is_no_resource_is_refused(client):
    refused(post(client, b'<Patient xmlns="http://hl7.org/fhir"><x/></Patient>', XML, "*/*"), 400)
    refused(client.post("/fhir/$convert"), 400)
