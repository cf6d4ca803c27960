"""Thousands who listen cost little, and one who doesn't read stops nobody."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

MANY = 1_000
CHANGES = 40_000


def opened(pushing, bearer, query="", buffer=None):
    """A connection that has asked, and hasn't read an answer."""
    made = socket.socket()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.settimeout(30)
    made.connect(("127.0.0.1", pushing.port))
    head = f"GET /push{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\n\r\n"
    made.sendall(head.encode())
    return made


def test_a_thousand_idle_connections_take_little_memory_and_no_threads(
    pushing, token, client, listen
):
    bearer = token()
    listen("?_type=Basic")
    memory, threads = pushing.memory(), pushing.threads()

    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(opened(pushing, bearer, "?_type=Task")) for _ in range(MANY)]
        for one in idle:
            assert b"200 OK" in one.recv(4096)
        heard = listen("?_type=Basic")
        body = {"resourceType": "Basic", "code": {"text": "a"}}
        id_ = client.post("/fhir/Basic", json=body).get_json()["id"]
        heard.until(lambda d: d["id"] == id_)
        more = pushing.memory() - memory
        assert pushing.threads() <= threads + 4

    print(f"{more / MANY:,.0f} bytes for each")
    assert more / MANY < 60_000
    ends = time.monotonic() + 60
    while listening(pushing) > MANY / 10:
        assert time.monotonic() < ends, "they still count although they have gone"
        time.sleep(0.2)


def test_one_token_cannot_take_all_connections(pushing, token):
    bearer = token()
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(opened(pushing, bearer, "?_type=Task")) for _ in range(MANY)]
        for one in taken:
            assert b"200 OK" in one.recv(4096)

        assert pushing.get("/push", bearer)[0] == 429
        assert pushing.get("/push?nonsense=1", token())[0] == 400


def listening(pushing):
    return int(pushing.get("/metrics")[2].split()[-1])


@pytest.fixture
def many_changes(client, database):
    """Writes so many changes of one resource into the log at once, as if it had had them."""
    body = {"resourceType": "Basic", "code": {"text": "a"}}
    id_ = client.post("/fhir/Basic", json=body).get_json()["id"]
    number = [0]

    def write(count):
        number[0] += count
        database.write(
            "INSERT INTO fhir.change (updated, key, version, method, type) "
            "SELECT now(), key, 1000000 + n, 'U', 'Basic' "
            'FROM resource."Basic", generate_series(%s::int, %s::int) AS n WHERE id = %s',
            (number[0] - count + 1, number[0], id_),
        )
        return id_

    yield write
    database.write("DELETE FROM fhir.change WHERE version > 1000000")


@pytest.mark.slow
def test_one_who_does_not_read_stops_nobody_and_is_let_go(pushing, token, listen, many_changes):
    with opened(pushing, token(), "?_type=Basic", buffer=4096) as slow:
        heard, memory = listen("?_type=Basic"), pushing.memory()

        id_ = many_changes(CHANGES)
        found = heard.until(lambda d: d["version"] == str(1_000_000 + CHANGES), seconds=240)

        assert [int(d["version"]) - 1_000_000 for d in found if d["id"] == id_] == list(
            range(1, CHANGES + 1)
        )
        assert pushing.memory() - memory < 60_000_000
        text = b""
        with contextlib.suppress(ConnectionError):
            while part := slow.recv(65_536):
                text += part
        assert text.count(b"event: change") < CHANGES
