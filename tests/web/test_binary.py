"""https://hl7.org/fhir/R4/binary.html#rest"""

from __future__ import annotations

import base64

import pytest

from tests.answers import done, refused

PDF = b"%PDF-1.7 \x00\xff not really"


@pytest.fixture
def address(client):
    made = client.post("/fhir/Binary", data=PDF, content_type="application/pdf").json
    return f"/fhir/Binary/{made['id']}"


def test_a_file_becomes_a_binary(client):
    answer = client.post("/fhir/Binary", data=PDF, content_type="application/pdf")
    made = done(answer, 201)

    assert made["contentType"] == "application/pdf"
    assert base64.b64decode(made["data"]) == PDF
    assert answer.headers["Location"].endswith(f"/Binary/{made['id']}/_history/1")


@pytest.mark.parametrize("accept", ["application/pdf", "*/*", "image/*,*/*;q=0.8", None])
def test_who_does_not_ask_for_fhir_gets_the_file(client, address, accept):
    answer = client.get(address, headers={"Accept": accept} if accept else {})

    assert answer.status_code == 200
    assert answer.data == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.last_modified


@pytest.mark.parametrize(
    "accept", ["application/fhir+json", "application/json", "application/fhir+json, */*;q=0.1"]
)
def test_who_asks_for_fhir_gets_the_resource(client, address, accept):
    assert done(client.get(address, headers={"Accept": accept}))["resourceType"] == "Binary"


def test_format_asks_for_the_resource(client, address):
    assert done(client.get(f"{address}?_format=json"))["resourceType"] == "Binary"


def test_a_file_is_replaced_by_put(client, address):
    answer = client.put(address, data=b"new", content_type="text/plain; charset=latin-1")

    assert done(answer)["contentType"] == "text/plain; charset=latin-1"
    assert client.get(address).data == b"new"
    assert client.get(f"{address}/_history/1").data == PDF


def test_a_binary_in_json_is_a_resource(client):
    body = {"resourceType": "Binary", "contentType": "text/plain", "data": "aGFsbG8="}

    made = done(client.post("/fhir/Binary", json=body), 201)

    assert client.get(f"/fhir/Binary/{made['id']}").data == b"hallo"


def test_its_security_context_comes_from_a_header(client):
    headers = {"X-Security-Context": "Patient/1"}
    answer = client.post("/fhir/Binary", data=PDF, content_type="image/png", headers=headers)

    assert done(answer, 201)["securityContext"] == {"reference": "Patient/1"}


def test_an_empty_file_has_no_data(client):
    made = done(client.post("/fhir/Binary", data=b"", content_type="image/png"), 201)

    assert "data" not in made
    assert client.get(f"/fhir/Binary/{made['id']}").data == b""


def test_conditional_reads_and_head_work_for_files(client, address):
    assert client.get(address, headers={"If-None-Match": 'W/"1"'}).status_code == 304
    head = client.head(address)
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(PDF))


def test_a_deleted_file_is_gone_in_json(client, address):
    client.delete(address)

    refused(client.get(address, headers={"Accept": "application/pdf"}), 410)


@pytest.mark.parametrize(
    "kind", ["text/plain\nX-Evil: 1", "text/plaïn", "a\u2028b", "text/☃", "x\u00a0y"]
)
def test_a_content_type_that_is_no_header_does_no_harm(client, kind):
    body = {"resourceType": "Binary", "contentType": kind, "data": "aGFsbG8="}
    answer = client.post("/fhir/Binary", json=body)
    if answer.status_code == 400:
        return

    got = client.get(f"/fhir/Binary/{answer.json['id']}")

    assert got.status_code == 200
    assert "X-Evil" not in got.headers
    assert got.data == b"hallo"


@pytest.mark.parametrize("kind", ["  ", "a  b", "application/pdf ; x=1", "/", "x" * 3000])
def test_an_odd_content_type_of_a_file_is_kept_or_refused(client, kind):
    answer = client.post("/fhir/Binary", data=PDF, content_type=kind)

    assert answer.status_code in {201, 400}


@pytest.mark.parametrize("data", ["%%%", "aGFsbG8", "a", "aGFsbG8=aGFsbG8=", "aGFs bG8=", 7])
def test_data_that_is_not_base64_is_refused_or_readable(client, data):
    body = {"resourceType": "Binary", "contentType": "text/plain", "data": data}
    answer = client.post("/fhir/Binary", json=body)
    if answer.status_code == 400:
        return

    assert client.get(f"/fhir/Binary/{answer.json['id']}").status_code == 200


def test_a_summary_of_a_binary_without_data_is_no_error(client, address):
    for query in ("_summary=true", "_elements=contentType", "_summary=text"):
        headers = {"Accept": "application/fhir+json"}
        assert client.get(f"{address}?{query}", headers=headers).status_code == 200
        assert client.get(f"{address}?{query}").status_code == 200
