"""https://hl7.org/fhir/R4/http.html#mime-type and #general"""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from tests.answers import done, refused
from tests.builders import a_patient


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient()).json


@pytest.fixture
def address(patient):
    return f"/fhir/Patient/{patient['id']}"


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+json",
        "application/json",
        "text/json",
        "application/json+fhir",
        "application/fhir+json; fhirVersion=4.0",
        "application/fhir+json;charset=utf-8",
        "*/*",
        "application/*",
        "application/fhir+xml;q=0.1, application/fhir+json;q=0.9",
        "application/fhir+xml; fhirVersion=3.0, application/fhir+json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "",
    ],
)
def test_who_accepts_json_gets_fhir_json(client, address, accept):
    answer = client.get(address, headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml; fhirVersion=3.0",
        "application/fhir+xml;q=0",
        "text/turtle",
        "text/html",
        "image/png",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+json; fhirversion=5.0",
        "application/fhir+json;q=0",
        "nonsense",
        ";;;",
        "application/fhir+json/x",
    ],
)
def test_who_accepts_neither_json_nor_xml_is_told_so_in_json(client, address, accept):
    refused(client.get(address, headers={"Accept": accept}), 406)


@pytest.mark.parametrize(
    "wanted",
    [
        "json",
        "application/json",
        "application/fhir+json",
        "application/fhir%2Bjson",
        "text/json",
        "JSON",
    ],
)
def test_format_overrides_accept(client, address, wanted):
    headers = {"Accept": "application/fhir+xml"}

    assert client.get(f"{address}?_format={wanted}", headers=headers).status_code == 200


@pytest.mark.parametrize("wanted", ["ttl", "html", "", "application/fhir%2Bturtle", "x"])
def test_another_format_is_refused(client, address, wanted):
    refused(client.get(f"{address}?_format={wanted}"), 406)


def test_format_is_no_search_parameter(client, patient):
    answer = client.get(f"/fhir/Patient?_id={patient['id']}&_format=json&_pretty=false")

    assert done(answer)["total"] == 1
    assert "_format" not in answer.json["link"][0]["url"]


def test_pretty_is_indented_and_says_the_same(client, address):
    plain, pretty = client.get(address), client.get(f"{address}?_pretty=true")

    assert pretty.json == plain.json
    assert b'\n  "' in pretty.data
    assert b"\n" not in plain.data


def test_pretty_keeps_decimals(client):
    text = b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1.500}}'
    made = client.post("/fhir/Observation", data=text, content_type="application/json").json

    assert b'"value": 1.500' in client.get(f"/fhir/Observation/{made['id']}?_pretty=true").data


def test_pretty_works_for_the_deepest_resource_in_a_bundle(client):
    extension = {"url": "http://x.example", "valueString": "a"}
    for _ in range(30):
        extension = {"url": "http://x.example", "extension": [extension]}
    made = done(client.post("/fhir/Patient", json=a_patient(extension=[extension])), 201)

    done(client.get(f"/fhir/Patient?_id={made['id']}&_pretty=true"))


@pytest.mark.parametrize("accept", ["gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.5", "*"])
def test_a_large_answer_is_zipped_for_who_can_unzip_it(client, accept):
    answer = client.get("/fhir/metadata", headers={"Accept-Encoding": accept})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert json.loads(gzip.decompress(answer.data))["resourceType"] == "CapabilityStatement"


@pytest.mark.parametrize("accept", ["", "identity", "br", "gzip;q=0", "gzip;q=0, br"])
def test_it_is_not_zipped_for_others(client, accept):
    answer = client.get("/fhir/metadata", headers={"Accept-Encoding": accept})

    assert "Content-Encoding" not in answer.headers
    assert answer.json["resourceType"] == "CapabilityStatement"


def test_a_small_answer_is_not_zipped(client, address):
    assert (
        "Content-Encoding" not in client.get(address, headers={"Accept-Encoding": "gzip"}).headers
    )


def send(client, content_type, body=None):
    data = body or json.dumps(a_patient()).encode()
    return client.post("/fhir/Patient", data=data, content_type=content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+json",
        "application/json",
        "application/fhir+json; charset=UTF-8",
        "application/fhir+json; fhirVersion=4.0",
        'application/json; charset="utf-8"',
        "APPLICATION/FHIR+JSON",
        None,
    ],
)
def test_json_is_read(client, content_type):
    done(send(client, content_type), 201)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/fhir+json; charset=latin-1",
        "application/fhir+json; charset=utf-16",
        "application/fhir+json; fhirVersion=3.0",
        "json",
        "nonsense",
        "/",
    ],
)
def test_other_content_is_refused(client, content_type):
    refused(send(client, content_type), 415)


def test_a_zipped_body_is_read(client):
    for packed, name in (
        (gzip.compress, "gzip"),
        (zlib.compress, "deflate"),
        (gzip.compress, "GZIP"),
    ):
        body = packed(json.dumps(a_patient()).encode())
        answer = client.post(
            "/fhir/Patient", data=body, content_type="application/json",
            headers={"Content-Encoding": name},
        )  # fmt: skip
        done(answer, 201)


def test_an_unknown_content_encoding_is_refused(client):
    headers = {"Content-Encoding": "br"}

    refused(client.post("/fhir/Patient", json=a_patient(), headers=headers), 415)


def test_utf_8_comes_back_as_it_was(client):
    name = "Žižka 張 🩺 \u200d"
    made = client.post("/fhir/Patient", json=a_patient(name=[{"family": name}])).json

    assert client.get(f"/fhir/Patient/{made['id']}").json["name"][0]["family"] == name


def test_a_byte_order_mark_is_passed_over(client):
    body = b"\xef\xbb\xbf" + json.dumps(a_patient()).encode()

    done(send(client, "application/fhir+json", body), 201)


@pytest.mark.parametrize(
    "prefer", ["", "return", "=", ";;,,", "return=", "handling=wild", "return=MINIMAL", "a=b; c=d"]
)
def test_a_preference_that_nobody_knows_is_passed_over(client, prefer):
    done(client.post("/fhir/Patient", json=a_patient(), headers={"Prefer": prefer}), 201)


def test_strict_handling_is_the_default_and_lenient_warns(client, patient):
    address = f"/fhir/Patient?_id={patient['id']}&foo=bar"

    assert "foo" in refused(client.get(address), 400)["diagnostics"]
    refused(client.get(address, headers={"Prefer": "handling=strict"}), 400)
    bundle = done(client.get(address, headers={"Prefer": "handling=lenient"}))

    assert bundle["total"] == 1
    warning = bundle["entry"][-1]
    assert warning["search"]["mode"] == "outcome"
    assert warning["resource"]["issue"][0]["severity"] == "warning"
    assert "foo" not in bundle["link"][0]["url"]


def test_the_last_of_many_prefer_headers_is_honoured_too(client):
    answer = client.post(
        "/fhir/Patient", json=a_patient(),
        headers=[("Prefer", "respond-sync"), ("Prefer", "return=minimal")],
    )  # fmt: skip

    assert answer.data == b""
