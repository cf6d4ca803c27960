"""https://hl7.org/fhir/R4/fhirpatch.html, and XML Patch (RFC 5261), over HTTP and in Bundles."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from conformance.patch import run
from fhirserver import ids
from fhirserver.model import xml
from tests.answers import done, refused, statuses
from tests.builders import SYSTEM, a_patient, a_transaction, an_entry

FHIR = "application/fhir+json"


@pytest.mark.skipif(not run.DATA.exists(), reason="../shared/data is not at hand")
def test_exactly_the_expected_patches_of_hl7_fail():
    wrong = {name for name, text in run.failures() if text is not None}

    assert wrong == set(json.loads(run.EXPECTED.read_text()))


def operation(kind, path, **parts):
    made = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    made += [{"name": name} | value for name, value in parts.items()]
    return {"name": "operation", "part": made}


def a_patch(*operations):
    return {"resourceType": "Parameters", "parameter": list(operations)}


TO_MALE = a_patch(operation("replace", "Patient.gender", value={"valueCode": "male"}))


@pytest.fixture
def patient(client):
    made = a_patient(gender="female", identifier=[{"system": SYSTEM, "value": ids.new()}])
    return done(client.post("/fhir/Patient", json=made), 201)


@pytest.fixture
def send(client, patient):
    def patch(body, content_type=FHIR):
        data = body if isinstance(body, bytes) else json.dumps(body)
        return client.patch(f"/fhir/Patient/{patient['id']}", data=data, content_type=content_type)

    return patch


@pytest.mark.parametrize("content_type", [FHIR, "application/json"])
def test_a_parameters_resource_is_a_patch(send, content_type):
    assert done(send(TO_MALE, content_type))["gender"] == "male"


def test_a_patch_may_be_in_xml(send):
    assert done(send(xml.write(TO_MALE), "application/fhir+xml"))["gender"] == "male"


def test_a_patch_may_be_conditional(client, patient):
    query = {"identifier": f"{SYSTEM}|{patient['identifier'][0]['value']}"}
    answer = client.patch(
        "/fhir/Patient", query_string=query, data=json.dumps(TO_MALE), content_type=FHIR
    )

    assert done(answer)["gender"] == "male"


def test_a_patch_may_be_in_a_transaction(client, patient):
    selector = b'<diff xmlns="http://hl7.org/fhir"><remove sel="Patient/name"/></diff>'
    binary = {"resourceType": "Binary", "contentType": "application/xml-patch+xml",
              "data": b64encode(selector).decode()}  # fmt: skip
    for resource in (TO_MALE, binary):
        bundle = a_transaction(an_entry("PATCH", f"Patient/{patient['id']}", resource))
        assert statuses(done(client.post("/fhir", json=bundle))) == ["200"]

    now = client.get(f"/fhir/Patient/{patient['id']}").json
    assert now["gender"] == "male"
    assert "name" not in now


def test_one_of_two_equal_names_is_changed(send):
    add = operation(
        "add", "Patient.name[0]", name={"valueString": "given"}, value={"valueString": "Ada"}
    )
    change = operation("replace", "Patient.name[0].given[1]", value={"valueString": "King"})

    assert done(send(a_patch(add, change)))["name"][0]["given"] == ["Ada", "King"]


def test_a_list_that_is_not_there_may_be_inserted_into(send):
    insert = operation("insert", "Patient.telecom", index={"valueInteger": 0},
                       value={"valueContactPoint": {"system": "phone", "value": "1"}})  # fmt: skip

    assert done(send(a_patch(insert)))["telecom"][0]["value"] == "1"


def test_a_value_of_another_type_takes_the_place_of_the_first(send):
    add = operation(
        "add", "Patient", name={"valueString": "deceased"}, value={"valueBoolean": True}
    )
    change = operation("replace", "Patient.deceased", value={"valueDateTime": "2020"})

    now = done(send(a_patch(add, change)))
    assert now["deceasedDateTime"] == "2020"
    assert "deceasedBoolean" not in now


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (operation("replace", "Patient.birthDate", value={"valueDate": "2020"}), 422),
        (operation("add", "Patient", name={"valueString": "gender"}, value={"valueCode": "male"}), 422),
        (operation("replace", "Patient.gender"), 400),
        (operation("replace", "Patient.gender", value={"valueCode": "klingon"}), 400),
        (operation("replace", "Patient.id", value={"valueId": "x"}), 400),
        (operation("replace", "Patient.nonsense", value={"valueId": "x"}), 400),
        (operation("replace", "Patient.name.family + 'a'", value={"valueString": "x"}), 422),
        (operation("erase", "Patient.gender"), 400),
        (operation("move", "Patient.name", source={"valueInteger": 0},
                   destination={"valueInteger": 5}), 422),
        ({"name": "nonsense"}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_changes_nothing(client, send, patient, made, status):
    refused(send(a_patch(TO_MALE["parameter"][0], made)), status)

    assert client.get(f"/fhir/Patient/{patient['id']}").json == patient


def xml_patch(inside):
    return f'<diff xmlns="http://hl7.org/fhir">{inside}</diff>'.encode()


def test_an_xml_patch_changes_attributes_and_adds_elements(send):
    body = xml_patch(
        '<replace sel="Patient/f:gender/@value">male</replace>'
        '<add sel="f:Patient/f:gender" pos="after"><birthDate value="1815-12-10"/></add>'
    )

    now = done(send(body, "application/xml-patch+xml"))
    assert (now["gender"], now["birthDate"]) == ("male", "1815-12-10")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (xml_patch(""), 400),
        (xml_patch('<remove sel="//*"/>'), 400),
        (xml_patch('<remove sel="Patient/birthDate"/>'), 422),
        (xml_patch('<remove sel="Patient/name[count(//*) = 3]"/>'), 400),
        (xml_patch('<add sel="Patient"><nickname value="a"/></add>'), 422),
        (xml_patch('<erase sel="Patient"/>'), 400),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + xml_patch('<remove sel="Patient/name"/>'), 400),
        (b"{}", 400),
    ],
)
def test_an_xml_patch_that_cannot_be_done_is_refused(client, send, patient, body, status):
    refused(send(body, "application/xml-patch+xml"), status)

    assert client.get(f"/fhir/Patient/{patient['id']}").json == patient
