"""XML over HTTP: sent, wanted, and for everything that is answered.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

import pytest

from fhirserver.model import xml
from tests.answers import done, refused, resources
from tests.builders import a_batch, a_bundle, a_patient, a_transaction, an_entry, an_observation
from tests.pace import soon

XML = "application/fhir+xml"
WANTS = {"Accept": XML}


def read(answer, status=200):
    assert answer.status_code == status, answer.text[:800]
    assert answer.headers["Content-Type"] == f"{XML}; charset=utf-8"
    return xml.read(answer.data)


@pytest.fixture
def patient(client):
    return done(client.post("/fhir/Patient", json=a_patient(birthDate="1815-12-10")), 201)


def test_a_resource_sent_as_xml_is_the_same_in_json(client):
    body = xml.write(a_patient())
    made = done(client.post("/fhir/Patient", data=body, content_type=XML), 201)

    assert made["name"] == a_patient()["name"]
    assert client.get(f"/fhir/Patient/{made['id']}").json == made


@pytest.mark.parametrize(
    "content_type",
    [XML, "application/xml", "text/xml", "application/xml+fhir", f"{XML}; fhirVersion=4.0",
     f"{XML};charset=UTF-8"],
)  # fmt: skip
def test_xml_is_read_under_all_its_names(client, content_type):
    body = xml.write(a_patient())

    done(client.post("/fhir/Patient", data=body, content_type=content_type), 201)


@pytest.mark.parametrize("content_type", [f"{XML}; charset=latin-1", f"{XML}; fhirVersion=3.0"])
def test_other_xml_is_refused(client, content_type):
    body = xml.write(a_patient())

    refused(client.post("/fhir/Patient", data=body, content_type=content_type), 415)


@pytest.mark.parametrize(
    "accept",
    [XML, "application/xml", "text/xml", "application/xml+fhir", f"{XML}; fhirVersion=4.0",
     f"{XML};q=0.9, application/fhir+json;q=0.1", f"*/*;q=0.1, {XML}"],
)  # fmt: skip
def test_who_accepts_xml_first_gets_it(client, patient, accept):
    answer = client.get(f"/fhir/Patient/{patient['id']}", headers={"Accept": accept})

    assert read(answer) == patient
    assert answer.headers["ETag"] == 'W/"1"'
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("wanted", ["xml", "application/fhir%2Bxml", "application/fhir+xml",
                                    "application/xml", "text/xml", "XML"])  # fmt: skip
def test_format_asks_for_xml_too(client, patient, wanted):
    headers = {"Accept": "application/fhir+json"}

    read(client.get(f"/fhir/Patient/{patient['id']}?_format={wanted}", headers=headers))


def test_an_update_in_xml_is_answered_in_xml(client, patient):
    changed = patient | {"gender": "female"}
    address = f"/fhir/Patient/{patient['id']}"
    answer = client.put(address, data=xml.write(changed), content_type=XML, headers=WANTS)

    assert read(answer)["gender"] == "female"


def test_a_search_page_is_a_bundle_in_xml(client, patient):
    page = read(client.get(f"/fhir/Patient?_id={patient['id']}", headers=WANTS))

    assert page["type"] == "searchset"
    assert resources(page) == [patient]


def test_a_transaction_in_xml_does_what_one_in_json_does(client):
    body = xml.write(
        a_transaction(
            an_entry("POST", "Patient", a_patient(), fullUrl="urn:uuid:6f4d8cb4-9bf0-4a1d-9a5b-0e4b1c9cc101"),
            an_entry("POST", "Observation",
                     an_observation(subject={"reference": "urn:uuid:6f4d8cb4-9bf0-4a1d-9a5b-0e4b1c9cc101"})),
        )
    )  # fmt: skip
    answer = client.post("/fhir", data=body, content_type=XML, headers=WANTS)

    assert [e["response"]["status"][:3] for e in read(answer)["entry"]] == ["201", "201"]


def test_a_batch_answers_with_resources_and_outcomes(client, patient):
    body = xml.write(
        a_batch(an_entry("GET", f"Patient/{patient['id']}"), an_entry("GET", "Patient/absent"))
    )
    bundle = read(client.post("/fhir", data=body, content_type=XML, headers=WANTS))

    assert bundle["entry"][0]["resource"] == patient
    assert bundle["entry"][1]["response"]["outcome"]["issue"][0]["code"] == "not-found"


def test_the_capabilities_come_in_xml_and_name_it(client):
    statement = read(client.get("/fhir/metadata", headers=WANTS))

    assert {"xml", XML} <= set(statement["format"])


def test_history_comes_in_xml(client, patient):
    bundle = read(client.get(f"/fhir/Patient/{patient['id']}/_history", headers=WANTS))

    assert resources(bundle) == [patient]


@pytest.mark.parametrize(
    ("address", "status"),
    [("/fhir/Patient/absent", 404), ("/fhir/Patient?foo=bar", 400), ("/fhir/Nothing", 404),
     ("/nowhere", 404)],
)  # fmt: skip
def test_errors_are_in_xml_for_who_wants_it(client, address, status):
    separator = "&" if "?" in address else "?"

    assert read(client.get(address, headers=WANTS), status)["resourceType"] == "OperationOutcome"
    read(client.get(f"{address}{separator}_format=xml"), status)


def test_who_is_not_signed_in_is_told_so_in_xml(app):
    read(app.test_client().get("/fhir/Patient", headers=WANTS), 401)


def test_pretty_xml_is_indented(client, patient):
    answer = client.get(f"/fhir/Patient/{patient['id']}?_pretty=true&_format=xml")

    assert read(answer) == patient
    assert b'\n  <id value="' in answer.data


def test_a_mistake_in_a_value_has_its_place(client):
    body = b'<Patient xmlns="http://hl7.org/fhir"><gender value="klingon"/></Patient>'

    issue = refused(client.post("/fhir/Patient", data=body, content_type=XML), 400)
    assert issue["expression"] == ["Patient.gender"]


@pytest.mark.parametrize(
    "body",
    [
        b"<Patient",
        b'{"resourceType": "Patient"}',
        b'<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<Patient xmlns="http://hl7.org/fhir"><id value="&x;"/></Patient>',
        b'<Patient xmlns="http://hl7.org/fhir">' + b"<extension>" * 200_000,
        b'<Patient xmlns="http://hl7.org/fhir"' + b' a="1"' * 100_000,
        b'<Patient xmlns="http://hl7.org/fhir"><name x="' + b"a" * 5_000_000 + b'"/>',
    ],
)
def test_hostile_xml_is_refused_quickly(client, body):
    with soon(2):
        refused(client.post("/fhir/Patient", data=body, content_type=XML), 400)


def test_a_binary_may_be_wrapped_in_xml(client):
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "YWJj"}
    made = done(client.post("/fhir/Binary", data=xml.write(binary), content_type=XML), 201)
    address = f"/fhir/Binary/{made['id']}"

    assert client.get(address).data == b"abc"
    assert read(client.get(address, headers=WANTS))["data"] == "YWJj"


def test_a_file_of_xml_is_still_a_file(client):
    made = done(client.post("/fhir/Binary", data=b"<a/>", content_type="application/xml"), 201)

    assert client.get(f"/fhir/Binary/{made['id']}").data == b"<a/>"


def test_a_character_that_xml_lacks_comes_in_json(client):
    made = done(client.post("/fhir/Patient", json=a_patient(name=[{"text": "a\uffffb"}])), 201)

    answer = client.get(f"/fhir/Patient/{made['id']}", headers=WANTS)
    assert answer.headers["Content-Type"].startswith("application/fhir+json")
    assert done(answer) == made


def test_a_bundle_of_no_use_is_refused_in_xml(client):
    body = xml.write(a_bundle("collection"))

    read(client.post("/fhir", data=body, content_type=XML, headers=WANTS), 400)
