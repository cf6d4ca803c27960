"""Attack 116 on the wire: what a proxy in front and the server could read differently.

A request that two servers could take for different ones is refused, or read as one request after
which the connection ends: https://www.rfc-editor.org/rfc/rfc9112#section-11.2
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from conformance.loopback import unused_port
from fhirserver.cli.commands.web import SERVER
from fhirserver.settings import Settings, variables

APP = "tests.security.wire_app:create"
HEAD = b"Host: fhir.example\r\n"
SMUGGLED = b"GET /reached?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = re.compile(rb"^HTTP/1\.[01] (\d{3})", re.MULTILINE)


@pytest.fixture(scope="module", params=["granian", "gunicorn"])
def port(request, database_url, tmp_path_factory) -> Iterator[int]:
    settings = Settings(
        database_url=database_url,
        base_url="https://fhir.hospital.example/fhir",
        trusted_proxies="127.0.0.1",
        client_address_header="Clientaddress",
        port=unused_port(),
        web_processes=1,
        max_body_bytes=100_000,
        data_dir=tmp_path_factory.mktemp("smuggling"),
        # The one that the database's keys are under.
        key_file=Settings().data_dir / "keys/master.keys",
    )
    log = (settings.data_dir / "log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", *SERVER[request.param](settings, APP)],
        env=os.environ | variables(settings),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 90
        while not is_up(settings.port):
            assert time.monotonic() < deadline, (settings.data_dir / "log").read_text()[-2000:]
            time.sleep(0.1)
        yield settings.port
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def is_up(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def said(port, *parts, seconds=10):
    """All that the server answers to some bytes until it hangs up or has nothing to say."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        with contextlib.suppress(OSError):
            for part in parts:
                connection.sendall(part)
        connection.settimeout(0.3)
        with contextlib.suppress(OSError):
            while more := connection.recv(65536):
                heard += more
    return heard


def statuses(heard):
    return [int(s) for s in ANSWER.findall(heard)]


def refused_or_one(port, request):
    """Whatever it is read as, nothing inside of it is taken for a request of its own."""
    heard = said(port, request)

    found = statuses(heard)
    assert len(found) <= 1, heard[:500]
    assert all(s < 500 or s == 501 for s in found)
    assert is_up(port)
    return found


def post(*headers, body=b""):
    lines = b"".join(h + b"\r\n" for h in headers)
    return b"POST /reached HTTP/1.1\r\n" + HEAD + lines + b"\r\n" + body


BOTH = [
    # The length takes in the second request, the chunks end before it.
    post(b"Content-Length: %d" % (5 + len(SMUGGLED)), b"Transfer-Encoding: chunked",
         body=b"0\r\n\r\n" + SMUGGLED),
    post(b"Transfer-Encoding: chunked", b"Content-Length: %d" % (5 + len(SMUGGLED)),
         body=b"0\r\n\r\n" + SMUGGLED),
]  # fmt: skip


@pytest.mark.parametrize("request_", BOTH)
def test_116_length_and_chunks_together_are_no_two_requests(port, request_):
    refused_or_one(port, request_)


def test_116_chunks_take_in_what_the_length_leaves_out(port):
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
    heard = said(port, post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=chunk))

    assert len(statuses(heard)) <= 1
    # As the body it may come back: but then as text, in one answer.
    assert b'"address"' not in heard or json_of(heard)["body"] in {"", SMUGGLED.decode()}
    assert is_up(port)


def json_of(heard):
    return json.loads(heard.partition(b"\r\n\r\n")[2])


ODD_CODINGS = [
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding:\x0bchunked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: identity, chunked, x",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding:\r\n chunked",
    b"X: y\rTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\x00",
    b'Transfer-Encoding: "chunked"',
    b"Transfer_Encoding: chunked",
]


@pytest.mark.parametrize("coding", ODD_CODINGS)
def test_116_an_odd_transfer_coding_hides_no_request(port, coding):
    body = b"0\r\n\r\n" + SMUGGLED

    refused_or_one(port, post(b"Content-Length: %d" % len(body), coding, body=body))


LENGTHS = [
    b"Content-Length: 0\r\nContent-Length: %d",
    b"Content-Length: %d\r\nContent-Length: 0",
    b"Content-Length: 0, %d",
    b"Content-Length: +%d",
    b"Content-Length: 0x%x",
    b"Content-Length: %d\x0b",
    b"Content-Length: 0 %d",
    b"Content-Length:\r\n %d",
    b"Content-Length : %d",
]


@pytest.mark.parametrize("length", LENGTHS)
def test_116_an_odd_length_hides_no_request(port, length):
    n = length.count(b"%")
    refused_or_one(port, post(length % ((len(SMUGGLED),) * n), body=SMUGGLED))


@pytest.mark.parametrize(
    "length", [b"-1", b"99999999999999999999999", b"abc", b"1e3", b"", b"0\r\nContent-Length: 7"]
)
def test_116_a_length_that_is_none_is_refused(port, length):
    found = refused_or_one(port, post(b"Content-Length: " + length))

    # An empty one says nothing; both servers may read it so.
    assert all(400 <= s < 500 for s in found) or length == b""


CHUNKS = [
    b"zz\r\n",
    b"-1\r\n",
    b"0x5\r\nabcde\r\n0\r\n\r\n",
    b"ffffffffffffffff1\r\n",
    b"5\nabcde\n0\n\n",
    b"5\rabcde\r0\r\r",
    b"5\r\nabcdefgh\r\n0\r\n\r\n",
    b"5;" + b"x" * 100_000 + b"\r\nabcde\r\n0\r\n\r\n",
    b"5 \r\nabcde\r\n0\r\n\r\n",
    b"\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("chunks", CHUNKS, ids=lambda c: repr(c[:14]))
def test_116_odd_chunks_hide_no_request(port, chunks):
    heard = said(port, post(b"Transfer-Encoding: chunked", body=chunks + SMUGGLED))

    assert len(statuses(heard)) <= 2
    if len(statuses(heard)) == 2:  # Read to its proper end, what follows is the next request.
        assert json_of(heard[: heard.index(b"HTTP/1.1", 9)])["body"] == "abcde"
    assert is_up(port)


REQUESTS = [
    b"GET /reached HTTP/1.1\nHost: x\n\n",
    b"GET /reached HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
    b"GET /reached HTTP/1.1\r\n\r\n",
    b"GET /reached HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /reached HTTP/1.1\r\n Host: x\r\n\r\n",
    b"GET /reached HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
    b"GET /reached HTTP/1.1\r\nHost: x\r\nX\x00: y\r\n\r\n",
    b"GET /reached HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
    b"GET  /reached  HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /reached\r\nX: HTTP/1.1\r\n\r\n",
    b"GET http://evil.example/reached HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET //evil.example/reached HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /reached#x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /reached HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"TRACE /reached HTTP/1.1\r\nHost: x\r\nX: Qwyjibo\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\r\n" * 1000,
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: repr(r[:40]))
def test_116_a_request_that_is_none_or_odd_is_answered_once_at_most(port, request_):
    heard = said(port, request_)

    found = statuses(heard)
    assert len(found) <= 1
    assert 101 not in found
    assert all(s < 500 for s in found)
    assert b"Qwyjibo" not in heard
    assert b"Traceback" not in heard
    assert is_up(port)


def test_116_ten_thousand_headers_are_refused(port):
    lines = b"".join(b"X-%d: a\r\n" % n for n in range(10_000))

    heard = said(port, b"GET /reached HTTP/1.1\r\n" + HEAD + lines + b"\r\n")

    assert all(400 <= s < 500 for s in statuses(heard))
    assert is_up(port)


@pytest.mark.parametrize("where", [b"GET /reached?%s HTTP/1.1\r\nHost: x\r\n\r\n",
                                   b"GET /reached HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n"])  # fmt: skip
def test_116_a_head_of_a_megabyte_is_refused(port, where):
    heard = said(port, where % (b"a" * 1_000_000))

    assert all(400 <= s < 500 for s in statuses(heard))
    assert is_up(port)


def test_116_line_breaks_in_an_address_get_into_no_header(port):
    heard = said(
        port,
        b"GET /fhir/Patient/a%0d%0aX-Evil:%201 HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n",
    )

    assert b"\r\nX-Evil" not in heard
    assert statuses(heard)[0] in {400, 401, 404}


def test_116_nobody_gets_an_address_or_a_host_believed_by_an_underscore(port):
    spoofed = (
        b"X_Forwarded_For: 192.0.2.66\r\nX-Forwarded-For: 192.0.2.66\r\nClient-address: 192.0.2.66\r\n"
        b"X_Forwarded_Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nClient_address: 192.0.2.66\r\n"
        b"X-Forwarded-Proto: gopher\r\nForwarded: for=192.0.2.66\r\n"
    )
    asked = b"GET /reached HTTP/1.1\r\n%s%sConnection: close\r\n\r\n"

    for real, expected in ((b"", "127.0.0.1"), (b"Clientaddress: 192.0.2.7\r\n", "192.0.2.7")):
        for lines in (real + spoofed, spoofed + real):
            found = json_of(said(port, asked % (HEAD, lines)))
            assert found["address"] == expected
            assert found["host"] == "fhir.hospital.example"
            assert found["scheme"] == "https"
            assert not [h for h in found["headers"] if "FORWARDED" in h or "CLIENTADDRESS" in h]


def test_116_slow_senders_keep_nobody_else_waiting(port, request):
    if "gunicorn" in request.node.name:
        pytest.skip("each slow sender takes a thread of gunicorn: it needs a proxy that buffers")
    slow = []
    try:
        for number in range(60):
            connection = socket.create_connection(("127.0.0.1", port), 10)
            connection.sendall(
                b"GET /reached HTTP/1.1\r\nHost: x\r\nX: a"
                if number % 2
                else b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            )
            slow.append(connection)
        start = time.monotonic()

        for _ in range(5):
            assert is_up(port)
        assert time.monotonic() - start < 60
    finally:
        for connection in slow:
            connection.close()
