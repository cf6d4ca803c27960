"""The same over real HTTP, by the server that production runs: what only the wire can show."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from conformance.loopback import unused_port
from fhirserver import ids
from fhirserver.cli.commands.web import granian
from fhirserver.settings import Settings, variables
from tests.builders import a_patient

FHIR = "application/fhir+json"


@pytest.fixture(scope="module")
def port(database_url, tmp_path_factory) -> Iterator[int]:
    """The port of a server with one process and a limit of 100,000 bytes."""
    settings = Settings(
        database_url=database_url,
        port=unused_port(),
        web_processes=1,
        max_body_bytes=100_000,
        data_dir=tmp_path_factory.mktemp("wire"),
        # The one that the database's keys are under.
        key_file=Settings().data_dir / "keys/master.keys",
    )
    server = subprocess.Popen(
        [sys.executable, "-m", *granian(settings, "fhirserver.app:create_app")],
        env=os.environ | variables(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", settings.port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the server doesn't start"
                time.sleep(0.1)
        yield settings.port
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def connection(port) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    yield made
    made.close()


@pytest.fixture
def ask(connection, token):
    """Sends a request; status, headers and body of the answer."""
    bearer = {"Authorization": f"Bearer {token()}"}

    def send(method, path, body=None, **headers):
        names = bearer | {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request(
            method,
            path,
            body,
            names,
            encode_chunked=body is not None and not isinstance(body, bytes),
        )
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    return send


def outcome(body):
    resource = json.loads(body)
    assert resource["resourceType"] == "OperationOutcome"
    return resource


def test_a_resource_goes_in_and_out(ask):
    status, headers, body = ask(
        "POST", "/fhir/Patient", json.dumps(a_patient()).encode(), Content_Type=FHIR
    )
    made = json.loads(body)
    assert status == 201

    status, headers, body = ask("GET", f"/fhir/Patient/{made['id']}")

    assert status == 200
    assert headers["ETag"] == 'W/"1"'
    assert json.loads(body) == made


def test_head_says_how_long_the_body_would_be(ask):
    id_ = ids.new()
    ask("PUT", f"/fhir/Patient/{id_}", json.dumps(a_patient(id=id_)).encode(), Content_Type=FHIR)
    _, _, body = ask("GET", f"/fhir/Patient/{id_}")

    status, headers, nothing = ask("HEAD", f"/fhir/Patient/{id_}")

    assert (status, nothing) == (200, b"")
    assert headers["ETag"] == 'W/"1"'
    assert headers["Content-Length"] in {None, str(len(body))}


def test_answers_without_content_leave_the_connection_usable(ask):
    id_ = ids.new()
    body = json.dumps(a_patient(id=id_)).encode()
    ask("PUT", f"/fhir/Patient/{id_}", body, Content_Type=FHIR)

    assert ask("GET", f"/fhir/Patient/{id_}", If_None_Match='W/"1"')[::2] == (304, b"")
    assert ask("DELETE", f"/fhir/Patient/{id_}")[::2] == (204, b"")
    assert ask("GET", "/livez")[0] == 200


def test_a_body_in_chunks_is_read(ask):
    body = json.dumps(a_patient()).encode()
    chunks = iter([body[:10], body[10:]])

    status, _, answer = ask(
        "POST", "/fhir/Patient", chunks, Content_Type=FHIR, Transfer_Encoding="chunked"
    )

    assert status == 201, answer


@pytest.mark.parametrize("way", ["chunks", "length"])
def test_a_body_over_the_limit_is_refused_and_the_server_goes_on(ask, port, way):
    chunks = (b"x" * 10_000 for _ in range(50))
    headers = {"Transfer_Encoding": "chunked"} if way == "chunks" else {}
    body = chunks if way == "chunks" else b"x" * 3_000_000

    # The server may answer and hang up before it has heard all; then the answer can get lost.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        status, _, answer = ask("POST", "/fhir/Patient", body, Content_Type=FHIR, **headers)
        assert status == 413
        outcome(answer)

    again = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    again.request("GET", "/livez")
    assert again.getresponse().status == 200
    again.close()


def test_a_gzip_bomb_does_not_go_off(ask):
    bomb = gzip.compress(b"\0" * 50_000_000)

    status, _, body = ask("POST", "/fhir/Patient", bomb, Content_Type=FHIR, Content_Encoding="gzip")

    assert status == 413
    outcome(body)


@pytest.mark.parametrize("id_", ["a%2Fb", "%2e%2e", "..", "a%00", "a" * 65, "%zz", "%ff"])
def test_an_id_that_can_not_be_one_is_refused(ask, id_):
    status, _, body = ask("GET", f"/fhir/Patient/{id_}")

    # Granian decodes the slash before we see it: then it is an address that isn't there.
    assert status == (404 if "%2F" in id_ else 400)
    outcome(body)


def test_an_address_is_decoded_once(ask):
    id_ = ids.new()
    ask("PUT", f"/fhir/Patient/{id_}", json.dumps(a_patient(id=id_)).encode(), Content_Type=FHIR)

    escaped = "".join(f"%{ord(c):02x}" for c in id_)

    assert ask("GET", f"/fhir/Patient/{escaped}")[0] == 200
    assert ask("GET", f"/fhir/Patient/{escaped.replace('%', '%25')}")[0] == 400


def test_utf_8_in_an_address_is_understood(ask):
    name = "Žižka" + ids.new()
    ask(
        "POST",
        "/fhir/Patient",
        json.dumps(a_patient(name=[{"family": name}])).encode(),
        Content_Type=FHIR,
    )

    status, _, body = ask("GET", "/fhir/Patient?family=%C5%BDi%C5%BEka" + name[5:])

    assert status == 200
    assert json.loads(body)["total"] == 1


def test_an_answer_can_be_zipped(ask):
    status, headers, body = ask("GET", "/fhir/metadata", Accept_Encoding="gzip")

    assert status == 200
    assert headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["resourceType"] == "CapabilityStatement"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET\r\n\r\n",
        b"GET /fhir/metadata HTTP/9.9\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
        b"GET /fhir/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /fhir/Patient?" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    ],
)
def test_a_request_that_is_no_http_does_not_kill_the_server(port, request_):
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.settimeout(60)
        try:
            connection.sendall(request_)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        except OSError:
            answer = b""

    assert b" 500 " not in answer[:20]
    again = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    again.request("GET", "/livez")
    assert again.getresponse().status == 200
    again.close()


def test_a_client_that_goes_away_in_the_middle_leaves_nothing_behind(ask, port, token):
    id_ = ids.new()
    body = json.dumps(a_patient(id=id_)).encode()
    head = (
        f"PUT /fhir/Patient/{id_} HTTP/1.1\r\nHost: x\r\nContent-Type: {FHIR}\r\n"
        f"Authorization: Bearer {token()}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()

    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(head + body[:-5])

    assert ask("GET", f"/fhir/Patient/{id_}")[0] == 404
