"""Attacks 58 to 61 on what a client names as the address of its keys."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from conformance.loopback import unused_port
from fhirserver.oauth.pinned_fetch import CannotFetch, PinnedFetch
from tests.security.test_tokens import asked
from tests.smart.dance import assertion, key_pair, public, service

INSIDE = [
    "127.0.0.1", "169.254.169.254", "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "fe80::1",
    "fd00::1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
]  # fmt: skip


@pytest.fixture
def no_connection(monkeypatch):
    def fail(*arguments):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("fhirserver.egress.socket.create_connection", fail)


@pytest.mark.parametrize("address", INSIDE)
def test_058_a_name_that_leads_inside_is_not_fetched(no_connection, address):
    fetch = PinnedFetch(resolve=lambda host, port: ["93.184.216.34", address])

    with pytest.raises(CannotFetch, match="inside"):
        fetch("https://keys.example/jwks")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "localhost.", "2130706433",
     "0177.0.0.1", "0x7f.1", "127.1", "intranet", "169.254.169.254"],
)  # fmt: skip
def test_058_an_address_inside_is_not_fetched(no_connection, host):
    with pytest.raises(CannotFetch):
        PinnedFetch()(f"https://{host}/jwks")


def test_058_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    asked_for = []
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    def connect(where, timeout):
        asked_for.append(where)
        raise OSError

    monkeypatch.setattr("fhirserver.egress.socket.create_connection", connect)
    fetch = PinnedFetch(resolve=lambda host, port: next(answers))
    with pytest.raises(CannotFetch):
        fetch("https://rebinding.example/jwks")

    assert asked_for == [("93.184.216.34", 443)]


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "gopher://keys.example/", "ftp://keys.example/k", "//keys.example/k",
     "https://good.example@evil.example/k", "https://user:pass@keys.example/k", "keys.example",
     "https://", "https://keys.example:0/k", "https://keys.example:99999/k", "http://keys.example/",
     "https://keys.example/\r\nX: y", "https://keys.example/#k", "https://kéys.example/"],
)  # fmt: skip
def test_061_other_schemes_and_users_in_addresses_are_refused(no_connection, address):
    with pytest.raises(CannotFetch):
        PinnedFetch(allow_loopback=True, resolve=lambda h, p: ["93.184.216.34"])(address)


class Keys(http.server.BaseHTTPRequestHandler):
    """Answers as `answer` says, and counts."""

    answer: tuple[int, dict, bytes] = (200, {}, b"{}")
    count = 0

    def do_GET(self):
        type(self).count += 1
        status, headers, body = self.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def keys():
    """A server of keys on this machine."""
    Keys.count = 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/jwks"
    server.shutdown()
    server.server_close()
    thread.join()


def test_059_a_redirect_is_not_followed(keys):
    Keys.answer = (302, {"Location": "http://127.0.0.1:1/latest/meta-data"}, b"")

    with pytest.raises(CannotFetch, match="status 302"):
        PinnedFetch(allow_loopback=True)(keys)
    assert Keys.count == 1


@pytest.mark.parametrize("body", [b"[]", b"x", b"[" * 100_000, b" " * 300_000, b"\xff"])
def test_a_document_that_is_no_key_set_is_refused(keys, body):
    Keys.answer = (200, {}, body)

    with pytest.raises(CannotFetch):
        PinnedFetch(allow_loopback=True)(keys)


@pytest.mark.parametrize(
    ("said", "fetched"), [("no-store", 2), ("max-age=600", 1), ("max-age=0", 2)]
)
def test_keys_at_an_address_are_kept_as_long_as_it_says(make_app, database, keys, said, fetched):
    key = key_pair()
    Keys.answer = (200, {"Cache-Control": said}, json.dumps(public(key)).encode())
    app = make_app(allow_local_addresses=True)
    client = service(app, database, jwks=None, jwks_uri=keys)

    for _ in range(2):
        assert asked(client, assertion(client.client.id, key)).status_code == 200

    assert Keys.count == fetched


def test_keys_that_can_t_be_had_are_a_refusal(make_app, database):
    port = unused_port()
    app = make_app(allow_local_addresses=True)
    client = service(app, database, jwks=None, jwks_uri=f"http://127.0.0.1:{port}/k")

    answer = asked(client, assertion(client.client.id, key_pair()))

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
