"""What nobody should send: refused in time with a reason, and the server goes on."""

from __future__ import annotations

import gzip
import io
import json
import zlib

import pytest

from fhirserver import ids
from tests.answers import done, refused
from tests.builders import a_patient, a_transaction, an_entry

FHIR = "application/fhir+json"
pytestmark = pytest.mark.usefixtures("bounded")


@pytest.fixture
def post(client):
    """Posts bytes as a Patient."""

    def send(body, **options):
        return client.post("/fhir/Patient", data=body, content_type=FHIR, **options)

    return send


@pytest.fixture(scope="module")
def small(make_app):
    return make_app(max_body_bytes=100_000)


@pytest.fixture
def small_client(small, client_of):
    return client_of(small)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"}",
        b'{"resourceType":"Patient"',
        b'{"resourceType":"Patient",}',
        b"{'resourceType':'Patient'}",
        b'{"resourceType":"Patient"} x',
        b'{"resourceType":"Patient"}{}',
        b"NaN",
        b'{"resourceType":"Patient","multipleBirthInteger":NaN}',
        b'{"resourceType":"Patient","multipleBirthInteger":Infinity}',
        b'{"resourceType":"Patient","multipleBirthInteger":01}',
        b'{"resourceType":"Patient","active":True}',
        b"<Patient xmlns='http://hl7.org/fhir'/>",
        b"\x00",
        b"\xff\xfe{\x00}\x00",
        b'{"resourceType":"Patient","name":[{"family":"\xff"}]}',
        b'{"resourceType":"Patient","name":[{"family":"\xed\xa0\x80"}]}',
        b'{"resourceType":"Patient","name":[{"family":"\\ud800"}]}',
        b'{"resourceType":"Patient","name":[{"family":"\\udc00\\ud800"}]}',
        b'{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}',
        b'{"resourceType":"Patient","a\\u0000b":1}',
        b'{"resourceType":"Patient","name":[{"family":"a\x00b"}]}',
        b'{"resourceType":"Patient","name":[{"family":"a\nb"}]}',
        b'{"resourceType":"Patient","resourceType":"Patient"}',
        b'{"resourceType":"Observation","resourceType":"Patient"}',
        b'{"resourceType"\t:"Patient","active":true,"active":false}',
        b'{"resourceType"\n  :"Patient","active":true,"active":false}',
        b'{"resourceType":"Patient","name":[{"family":"a","family":"b"}]}',
        b'{"resourceType":"Patient","\\u0061ctive":true,"active":true}',
        b"",
        b"   \n",
        b"[]",
        b"[" + b'{"resourceType":"Patient"}' + b"]",
        b"7",
        b'"Patient"',
        b"null",
        b"{}",
        b'{"resourceType":null}',
        b'{"resourceType":7}',
        b'{"resourceType":["Patient"]}',
        b'{"resourceType":"patient"}',
        b'{"resourceType":"Patient","id":""}',
        b'{"resourceType":"Patient","":""}',
        b'{"resourceType":"Patient","name":null}',
        b'{"resourceType":"Patient","meta":7}',
        b'{"resourceType":"Patient","meta":[]}',
        b'{"resourceType":"Patient","meta":{"versionId":{}}}',
        b'{"resourceType":"Patient","contained":[7]}',
        b'{"resourceType":"Patient","text":{"status":"generated","div":"<div>"}}',
    ],
)
def test_a_body_that_is_no_patient_is_refused(post, body):
    refused(post(body), 400)


@pytest.mark.parametrize(
    "number",
    [
        "1e6000000",
        "-1e6000000",
        "1e-6000000",
        "1" * 5000,
        "1." + "1" * 5000,
        "1e" + "9" * 50,
        "0e999999999",
    ],
)
def test_a_number_beyond_reason_is_refused(client, number):
    body = (
        '{"resourceType":"Observation","status":"final","code":{"text":"a"},'
        f'"valueQuantity":{{"value":{number}}}}}'
    )

    answer = client.post("/fhir/Observation", data=body, content_type=FHIR)

    refused(answer, 400)


@pytest.mark.parametrize(
    "number",
    ["1e300", "-1E+22", "0.000000000000000000001", "123456789012345678901234567890", "9" * 300],
)
def test_a_large_number_within_reason_is_kept(client, number):
    body = (
        '{"resourceType":"Observation","status":"final","code":{"text":"a"},'
        f'"valueQuantity":{{"value":{number}}}}}'
    )

    made = client.post("/fhir/Observation", data=body, content_type=FHIR)

    done(made, 201)
    assert client.get(f"/fhir/Observation?_id={made.json['id']}").json["total"] == 1


@pytest.mark.parametrize("depth", [65, 1000, 200_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_a_body_that_is_nested_too_deep_is_refused(post, depth, start, end):
    body = '{"resourceType":"Patient","extension":' + start * depth + "1" + end * depth + "}"

    refused(post(body.encode()), 400)


def test_a_body_that_never_ends_its_nesting_is_refused(post):
    refused(post(b"[" * 1_000_000), 400)
    refused(post(b'{"a":' * 1_000_000), 400)


def test_the_depth_of_a_transaction_is_limited_as_a_whole(client):
    extension = {"url": "http://x.example", "valueString": "a"}
    for _ in range(30):
        extension = {"url": "http://x.example", "extension": [extension]}
    entry = an_entry("POST", "Patient", a_patient(extension=[extension]))

    refused(client.post("/fhir", json=a_transaction(entry)), 400)


def test_a_body_over_the_limit_is_refused(small_client):
    answer = small_client.post("/fhir/Patient", data=b"x" * 100_001, content_type=FHIR)

    assert refused(answer, 413)["code"] == "too-long"


def test_a_body_at_the_limit_is_read(small_client):
    body = json.dumps(a_patient()).encode()

    done(small_client.post("/fhir/Patient", data=body.ljust(100_000), content_type=FHIR), 201)


@pytest.mark.parametrize(
    "address", ["/fhir/Patient", "/fhir/Binary", "/fhir", "/fhir/Patient/_search"]
)
def test_a_body_in_chunks_is_limited_too(small_client, address):
    kind = "application/x-www-form-urlencoded" if "_search" in address else FHIR
    answer = small_client.post(
        address,
        input_stream=io.BytesIO(b"x" * 200_000),
        content_type=kind,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )

    refused(answer, 413)


def test_a_body_in_chunks_is_read(client):
    answer = client.post(
        "/fhir/Patient",
        input_stream=io.BytesIO(json.dumps(a_patient()).encode()),
        content_type=FHIR,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )

    done(answer, 201)


def test_a_gzip_bomb_does_not_go_off(small_client):
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    assert len(bomb) < 100_000

    answer = small_client.post(
        "/fhir/Patient", data=bomb, content_type=FHIR, headers={"Content-Encoding": "gzip"}
    )

    refused(answer, 413)


WHOLE = gzip.compress(json.dumps(a_patient()).encode(), mtime=0)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE[:-1],
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:10],
        b"",
        b"{}",
        b"\x1f\x8b",
        WHOLE[:-8] + bytes(8),
        WHOLE + b"more",
        WHOLE + WHOLE,
        zlib.compress(b"{}")[:-2],
    ],
)
def test_a_zipped_body_that_is_none_is_refused(post, body):
    refused(post(body, headers={"Content-Encoding": "gzip"}), 400)


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd", "x", "gzip;q=1"])
def test_an_unknown_encoding_is_refused(post, encoding):
    refused(post(b"{}", headers={"Content-Encoding": encoding}), 415)


@pytest.mark.parametrize(
    "address",
    [
        "Patient/a%2Fb",
        "Patient/a_b",
        "Patient/%2e%2e",
        "Patient/..",
        "Patient/.",
        "Patient/" + "a" * 65,
        "Patient/%00",
        "Patient/%ff",
        "Patient/%zz",
        "Patient/%",
        "Patient/a b",
        "Patient/a%20b",
        "Patient/%E2%98%83",
        "Patient/1/_history/%zz",
        "Patient/%2e%2e/_history",
    ],
)
def test_an_id_that_can_not_be_one_is_refused(client, address):
    refused(client.get(f"/fhir/{address}"), 400)


@pytest.mark.parametrize(
    "address",
    [
        "patient/1",
        "Patients",
        "Patient%2F1",
        "$everything",
        "Patient/1/2/3",
        "Patient/1/_history/1/x",
        "Patient/1/Nothing",
        "Patient/1/$nonsense",
        "Binary/1/Patient",
        "..",
        "%2e%2e/metadata",
        "Patient//1",
        "metadata/x",
        "_history/x",
        ".well-known/x",
        "Element",
        "DomainResource",
        "Resource/1",
        "x" * 5000,
        "Patient/1/*/x",
    ],
)
def test_an_address_that_is_none_is_not_found(client, address):
    refused(client.get(f"/fhir/{address}"), 404)


@pytest.mark.parametrize("address", ["/fhirx", "/x", "/fhir2/Patient", "//fhir/Patient"])
def test_outside_of_the_base_there_is_nothing(client, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("method", "address", "allow"),
    [
        ("PUT", "/fhir", "GET, HEAD, POST"),
        ("POST", "/fhir/metadata", "GET, HEAD"),
        ("DELETE", "/fhir/metadata", "GET, HEAD"),
        ("POST", "/fhir/Patient/1", "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", "/fhir/Patient/_search", "POST"),
        ("PUT", "/fhir/_history", "GET, HEAD"),
        ("DELETE", "/fhir/Patient/1/_history", "GET, HEAD"),
        ("DELETE", "/fhir/Patient/1/_history/1", "GET, HEAD"),
        ("PUT", "/fhir/Patient/1/Observation", "GET, HEAD"),
        ("GET", "/fhir/Patient/1/Observation/_search", "POST"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_does(
    client, method, address, allow
):
    answer = client.open(address, method=method)

    refused(answer, 405)
    assert answer.headers["Allow"] == allow


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PURGE", "PROPFIND", "get"])
def test_an_unknown_method_is_refused(client, method):
    answer = client.open("/fhir/Patient/nobody-has-this-id", method=method)

    if answer.status_code != 404:  # the client spells methods in capitals
        refused(answer, 405)
        assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("If-None-Exist", "a" * 5000),
        ("If-Match", "W/" * 1000),
        ("If-None-Match", '"' * 999),
        ("Prefer", "return=" * 500),
        ("Accept", ",".join(["a/b"] * 500)),
        ("Accept-Encoding", ";q=" * 100),
        ("Content-Encoding", "\xff"),
        ("X-Request-Id", "\xff" * 10),
        ("X-Correlation-Id", "a" * 5000),
        ("X-Security-Context", "\xff"),
        ("If-None-Exist", "identifier=\xff"),
        ("Content-Length", "-1"),
    ],
)
def test_odd_headers_are_answered(client, header, value):
    answer = client.put(f"/fhir/Patient/{ids.new()}", json=a_patient(), headers={header: value})

    assert answer.status_code < 500
