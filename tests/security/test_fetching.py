"""Attacks 58 to 61: addresses that lead the server where it shouldn't go.

What the server fetches: a client's jwks_uri, which the client chooses, and another terminology
server, which the administrator chooses. Packages are files; no resource makes it fetch anything.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

import pytest

from fhirserver.egress import Egress, inside
from fhirserver.errors import FhirError
from fhirserver.oauth import pinned_fetch
from fhirserver.oauth.pinned_fetch import CannotFetch, PinnedFetch
from fhirserver.remote import RemoteServer
from fhirserver.settings import InvalidSetting, Settings
from tests.answers import done, refused

INSIDE = [
    "https://169.254.169.254/latest/meta-data",
    "https://127.0.0.1/jwks",
    "https://127.1/jwks",
    "https://127.0.0.1:8000/jwks",
    "https://[::1]/jwks",
    "https://[::ffff:127.0.0.1]/jwks",
    "https://[::ffff:7f00:1]/jwks",
    "https://[64:ff9b::7f00:1]/jwks",
    "https://[2002:7f00:1::]/jwks",
    "https://[fe80::1%25eth0]/jwks",
    "https://[fd00::1]/jwks",
    "https://[fec0::1]/jwks",
    "https://[64:ff9b:1::7f00:1]/jwks",
    "https://[2001:0:7f00:1::]/jwks",
    "https://[::ffff:0:7f00:1]/jwks",
    "https://0.0.0.0/jwks",
    "https://0/jwks",
    "https://localhost/jwks",
    "https://localhost./jwks",
    "https://2130706433/jwks",
    "https://0x7f000001/jwks",
    "https://0177.0.0.1/jwks",
    "https://10.0.0.1/jwks",
    "https://172.16.0.1/jwks",
    "https://192.168.0.1/jwks",
    "https://100.64.0.1/jwks",
    "https://224.0.0.1/jwks",
    "https://255.255.255.255/jwks",
    "https://intranet/jwks",
]


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    """Where this thread connected to; others of the process may have to do with a database."""
    made = []
    real = socket.create_connection
    thread = threading.current_thread()

    def create(address, *rest, **named):
        if threading.current_thread() is thread:
            made.append(address[0])
        return real(address, *rest, **named)

    monkeypatch.setattr("fhirserver.egress.socket.create_connection", create)
    return made


@pytest.mark.parametrize("address", INSIDE)
def test_058_an_address_inside_the_network_is_not_asked(address, connections):
    with pytest.raises(CannotFetch):
        PinnedFetch()(address)

    assert connections == []


@pytest.mark.parametrize(
    "found",
    [["10.0.0.1"], ["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["::ffff:10.0.0.1"], []],
)
def test_058_a_name_that_stands_for_one_is_not_asked_either(found, connections):
    with pytest.raises(CannotFetch):
        PinnedFetch(resolve=lambda *_: found)("https://keys.example/jwks")

    assert connections == []


def test_058_a_name_is_resolved_once_and_what_was_checked_is_asked(connections, monkeypatch):
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    def refuse(address, *_, **__):
        connections.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("fhirserver.egress.socket.create_connection", refuse)
    with pytest.raises(CannotFetch):
        PinnedFetch(resolve=lambda *_: next(answers))("https://keys.example/jwks")

    assert connections == ["93.184.216.34"]
    assert next(answers) == ["127.0.0.1"]


@pytest.fixture
def elsewhere():
    """A server that answers every request with a redirect, and says who came."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/inside")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def dripping():
    """A server that answers with what it is given, and then a byte now and then, for ever."""
    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(begin, drop):
        def run():
            made, _ = listening.accept()
            with made, contextlib.suppress(OSError):
                made.sendall(begin)
                while not stop.wait(0.02):
                    made.sendall(drop)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return listening.getsockname()[1]

    yield serve
    stop.set()
    listening.close()


def test_058_who_drips_a_handshake_holds_nobody_for_longer_than_the_limit(dripping):
    # A record of TLS of 16 KB, a byte at a time: minutes.
    port = dripping(b"\x16\x03\x03\x40\x00", b"\x02")
    allowed = inside("127.0.0.1")
    parts = urlsplit(f"https://127.0.0.1:{port}/hook")
    began = time.monotonic()

    with pytest.raises(OSError), Egress(allowed=allowed).connected(parts, 0.5):
        pass
    assert time.monotonic() < began + 60


def test_058_who_drips_an_answer_holds_nobody_for_longer_than_the_limit(dripping, monkeypatch):
    monkeypatch.setattr(pinned_fetch, "TIMEOUT_SECONDS", 0.5)
    port = dripping(b"HTTP/1.1 200 OK\r\nX: ", b"a")
    began = time.monotonic()

    with pytest.raises(CannotFetch):
        PinnedFetch(allow_loopback=True)(f"http://127.0.0.1:{port}/jwks")
    assert time.monotonic() < began + 60


def test_059_a_redirect_is_not_followed_for_keys(elsewhere):
    base, asked = elsewhere

    with pytest.raises(CannotFetch, match="302"):
        PinnedFetch(allow_loopback=True)(f"{base}/jwks")
    assert asked == ["/jwks"]


def test_059_a_redirect_is_not_followed_by_the_terminology_client(elsewhere):
    base, asked = elsewhere

    with pytest.raises(FhirError):
        RemoteServer(f"{base}/fhir")("CodeSystem/$lookup", {"resourceType": "Parameters"})
    assert asked == ["/fhir/CodeSystem/$lookup"]


def test_060_an_allowed_name_at_the_start_of_another_is_another(connections):
    asked = []

    def resolve(host, _):
        asked.append(host)
        return ["10.0.0.1"]

    for address in (
        "https://allowed.example.evil.example/jwks",
        "https://allowed.example:443.evil.example/",
    ):
        with pytest.raises(CannotFetch):
            PinnedFetch(resolve=resolve)(address)
    assert asked in ([], ["allowed.example.evil.example"])
    assert connections == []


def test_060_a_reference_to_a_base_that_only_begins_like_ours_is_not_ours(client, app):
    base = app.extensions["fhirserver"].context.settings.fhir_base
    patient = done(client.post("/fhir/Patient", json={"resourceType": "Patient"}), 201)
    body = {
        "resourceType": "Basic",
        "code": {"text": "a"},
        "subject": {"reference": f"{base}.evil.example/Patient/{patient['id']}"},
    }
    made = done(client.post("/fhir/Basic", json=body), 201)

    assert made["subject"] == body["subject"]
    found = done(client.get(f"/fhir/Basic?_id={made['id']}&patient={patient['id']}"))
    assert found["total"] == 0


@pytest.mark.parametrize(
    "address",
    [
        "http://keys.example/jwks",
        "file:///etc/passwd",
        "gopher://keys.example/",
        "ftp://keys.example/jwks",
        "data:application/json,{}",
        "javascript:alert(1)",
        "unix:///run/x",
        "//keys.example/jwks",
        "jwks",
        "",
        "https://allowed.example@evil.example/",
        "https://user:password@keys.example/",
        "https://keys.example#@evil.example/",
        "https://keys.example\\@evil.example/",
        "https://keys.example /",
        "https://keys.example/\r\nX: y",
        "https://keys.example:0/",
        "https://keys.example:99999/",
        "https://[::1/",
        "https:///jwks",
        "https://k\u00e9ys.example/",
    ],
)
def test_061_other_schemes_and_odd_addresses_are_refused(address, connections):
    with pytest.raises(CannotFetch):
        PinnedFetch(resolve=lambda *_: ["93.184.216.34"])(address)

    assert connections == []


@pytest.mark.parametrize("base", ["file:///etc", "gopher://x", "ftp://x", "x", ""])
def test_061_a_terminology_server_is_http_or_https(base):
    from fhirserver.app import remote_dictionaries

    with pytest.raises(InvalidSetting):
        remote_dictionaries(f"http://snomed.info/sct={base}")


REFERENCES = [
    ("DocumentReference", {"status": "current", "content": [{"attachment": {"url": "{}"}}]}),
    ("Patient", {"photo": [{"url": "{}"}], "managingOrganization": {"reference": "{}"}}),
    ("Observation", {"status": "final", "code": {"text": "a"}, "meta": {"profile": ["{}"]}}),
    ("ValueSet", {"status": "active", "compose": {"include": [{"valueSet": ["{}"]}]}}),
    ("StructureDefinition", {"url": "{}", "name": "A", "status": "draft", "kind": "resource",
     "abstract": False, "type": "Patient", "baseDefinition": "{}", "derivation": "constraint"}),
    ("Subscription", {"status": "requested", "reason": "a", "criteria": "Patient",
     "channel": {"type": "rest-hook", "endpoint": "{}"}}),
    ("Endpoint", {"status": "active", "connectionType": {"code": "a"}, "payloadType": [{"text": "a"}], "address": "{}"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "content"), REFERENCES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_058_nothing_in_a_resource_makes_the_server_fetch_it(client, elsewhere, type_, content):
    base, asked = elsewhere
    text = json.dumps({"resourceType": type_, **content}).replace("{}", f"{base}/x")

    made = client.post("/fhir/" + type_, data=text, content_type="application/fhir+json")
    client.post(f"/fhir/{type_}/$validate", data=text, content_type="application/fhir+json")
    if made.status_code == 201:
        client.get(f"/fhir/{type_}/{made.json['id']}")
        if type_ == "ValueSet":
            client.get(f"/fhir/ValueSet/{made.json['id']}/$expand")

    assert asked == []
    assert Settings().remote_terminology == ""
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED


def test_061_a_resource_is_no_way_to_read_a_file(client):
    answer = client.get("/fhir/ValueSet/$expand?url=file:///etc/passwd")

    refused(answer, 404)
    assert "root:" not in answer.text
