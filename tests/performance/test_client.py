"""The HTTP client: bytes out, answers in, whatever way the server frames them."""

from __future__ import annotations

import socket
import threading

import pytest
from stub_server import Stub

from conformance.performance.checks import status
from conformance.performance.client import Request, Target, dechunk, query
from conformance.performance.drive import Script, drive, drive_processes, fetch
from conformance.performance.record import Record


def test_request_has_the_base_path_token_and_length() -> None:
    target = Target.parse("https://fhir.example:8443/r4/", "abc")

    data = target.request("PUT", "Patient/1", b"{}")

    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /r4/Patient/1 HTTP/1.1\r\nHost: fhir.example:8443\r\n")
    assert b"Authorization: Bearer abc" in head
    assert b"Content-Length: 2" in head
    assert body == b"{}"


def test_base_has_to_be_http() -> None:
    with pytest.raises(ValueError, match="not an http"):
        Target.parse("ftp://fhir.example/r4")


def test_query_encodes_what_would_end_a_value() -> None:
    assert query("Observation", ("date", "ge2020-01-01T00:00:00+01:00"), ("name", "a&b c")) == (
        "Observation?date=ge2020-01-01T00:00:00%2B01:00&name=a%26b%20c"
    )


def test_link_is_followed_on_the_server_under_test() -> None:
    target = Target.parse("http://127.0.0.1:1/fhir")

    assert target.same_server("http://public.example/fhir/Patient?page=2") == "/fhir/Patient?page=2"


def test_answer_with_a_length_is_read(stub: Stub, target: Target) -> None:
    stub.resources["Patient/1"] = {"resourceType": "Patient", "id": "1", "note": "x" * 300_000}

    response = fetch(target, "GET", "Patient/1")

    assert response.status == 200
    assert len(response.body) > 300_000


def test_chunked_answer_is_read(stub: Stub, target: Target) -> None:
    stub.chunked = True
    stub.resources["Patient/1"] = {"resourceType": "Patient", "id": "1"}

    assert fetch(target, "GET", "Patient/1").body == b'{"resourceType": "Patient", "id": "1"}'


def test_unfinished_chunks_wait() -> None:
    whole = bytearray(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")

    assert dechunk(whole, 0) == b"abcde"
    assert all(dechunk(whole[:end], 0) is None for end in range(len(whole)))


def test_large_request_is_sent_whole(stub: Stub, target: Target) -> None:
    body = b'{"resourceType":"Patient","note":"' + b"y" * 9_000_000 + b'"}'

    assert fetch(target, "POST", "Patient", body).status == 201
    assert len(stub.resources["Patient/n1"]["note"]) == 9_000_000


def test_connection_that_the_server_closes_is_opened_again(stub: Stub, target: Target) -> None:
    stub.spoil = lambda method, path, answer: (200, {"Connection": "close"}, b"{}")
    record = Record()

    drive(target, [reads(target, 3), reads(target, 3)], record)

    assert record.answered == 6
    assert record.failed == 0


def test_answers_that_never_come_are_errors() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up, args=(listener, 2))
        thread.start()
        target = Target.parse(f"http://127.0.0.1:{listener.getsockname()[1]}/fhir")
        record = Record()

        drive(target, [reads(target, 1)], record)

        thread.join()
    assert record.answered == 0
    assert record.errors["read"] == {"no answer": 1}


def test_time_limit_ends_endless_scripts(target: Target) -> None:
    record = Record()

    elapsed = drive(target, [reads(target, 10**9)], record, seconds=0.2)

    assert 0.2 <= elapsed < 5
    assert record.answered > 0


def test_processes_measure_together(target: Target) -> None:
    record = Record()

    drive_processes(target, lambda number: reads(target, 5), 3, record, seconds=30, processes=2)

    assert record.answered == 15


def reads(target: Target, times: int) -> Script:
    request = Request("read", target.request("GET", "metadata"), status(200))
    for _ in range(times):
        yield request


def hang_up(listener: socket.socket, times: int) -> None:
    for number in range(times):
        connection, _ = listener.accept()
        if number == 0:
            connection.recv(65536)
        connection.close()
