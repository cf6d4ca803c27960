"""`$import`: files of NDJSON become resources, whatever is wrong with some of their lines."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import threading
import time
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from fhirserver.bulk import importing
from fhirserver.interactions.operating.imports import is_listed
from tests.bulk.conftest import ASYNC

NDJSON = "application/fhir+ndjson"
NO_INPUT = {
    "resourceType": "Parameters",
    "parameter": [{"name": "inputFormat", "valueCode": NDJSON}],
}


def a_line(resource_type: str = "Patient", **elements) -> str:
    return json.dumps({"resourceType": resource_type, **elements})


@pytest.fixture
def binary(client):
    """The address of a Binary that holds these lines."""

    def make(*lines: str) -> str:
        data = b64encode("\n".join(lines).encode()).decode()
        body = {"resourceType": "Binary", "contentType": NDJSON, "data": data}
        answer = client.post("/fhir/Binary", json=body)
        assert answer.status_code == 201, answer.text
        return f"Binary/{answer.json['id']}"

    return make


def asked(*inputs: tuple[str | None, str], **more):
    def part(kind, url):
        parts = [{"name": "url", "valueUri": url}]
        parts += [{"name": "type", "valueCode": kind}] if kind else []
        return {"name": "input", "part": parts}

    parameters = [
        {"name": "inputFormat", "valueCode": NDJSON},
        {"name": "inputSource", "valueUri": "https://source.example"},
        *(part(*i) for i in inputs),
    ]
    return {"resourceType": "Parameters", "parameter": parameters, **more}


@pytest.fixture
def imported(exports, client):
    """What an import came to, and what its error files say."""

    def run(*inputs):
        answer = client.post("/fhir/$import", json=asked(*inputs), headers=ASYNC)
        assert answer.status_code == 202, answer.text
        manifest = exports.manifest(exports.began(answer))
        told = [i["diagnostics"] for r in exports.resources(manifest, "error") for i in r["issue"]]
        return manifest, told

    return run


def test_a_file_becomes_resources(imported, binary, client) -> None:
    url = binary(*(a_line(id=f"i{n}", birthDate="2000-01-01") for n in range(30)), "")

    manifest, told = imported(("Patient", url))
    assert manifest["output"] == [{"type": "Patient", "inputUrl": url, "count": 30}]
    assert told == []
    assert client.get("/fhir/Patient/i7").json["birthDate"] == "2000-01-01"


def test_a_line_without_an_id_is_created_under_a_new_one(imported, binary, client) -> None:
    url = binary(a_line(identifier=[{"system": "urn:x", "value": "new"}]))

    imported((None, url))
    assert client.get("/fhir/Patient?identifier=urn:x|new").json["total"] == 1


def test_bad_lines_are_told_with_file_and_line_and_stop_no_others(imported, binary, client) -> None:
    url = binary(
        a_line(id="good1"),
        "{not json",
        a_line(id="bad", birthDate="yesterday"),
        "",
        a_line("Dragon", id="bad"),
        a_line("Observation", id="bad"),
        a_line(id="good2"),
    )

    manifest, told = imported(("Patient", url))
    assert manifest["output"][0]["count"] == 2
    assert manifest["error"][0]["inputUrl"] == url
    lines = {int(t.removeprefix(f"{url}, line ").partition(":")[0]) for t in told}
    assert lines == {2, 3, 5, 6}
    assert client.get("/fhir/Patient/good2").status_code == 200
    assert client.get("/fhir/Patient/bad").status_code == 404


def test_an_import_that_was_broken_off_stores_nothing_twice(
    imported, binary, client, monkeypatch
) -> None:
    monkeypatch.setattr(importing, "LINES", 10)
    tag = "urn:twice|"
    identifier = [{"system": "urn:twice", "value": "x"}]
    url = binary(*(a_line(identifier=identifier, gender="male") for _ in range(25)))
    ends = iter([True, False, True, False, False, True])
    advance = importing.jobs.advance

    def dies(*arguments):
        # The lines are stored by then, but not the part.
        if next(ends, False):
            raise ConnectionError
        advance(*arguments)

    monkeypatch.setattr("fhirserver.queues.delay", lambda attempts: 0.0)
    monkeypatch.setattr(importing.jobs, "advance", dies)
    manifest, told = imported(("Patient", url))

    assert manifest["output"][0]["count"] == 25
    assert told == []
    assert client.get(f"/fhir/Patient?identifier={tag}x&_summary=count").json["total"] == 25


def test_a_line_waits_for_what_it_refers_to(imported, binary, client, bulk_app) -> None:
    subject = {"reference": "Patient?identifier=urn:late|1"}
    first = binary(a_line("Condition", id="waits", subject=subject))
    second = binary(a_line(id="late", identifier=[{"system": "urn:late", "value": "1"}]))

    manifest, told = imported(("Condition", first), ("Patient", second))
    assert told == []
    assert [o["count"] for o in manifest["output"]] == [1, 1]
    assert client.get("/fhir/Condition/waits").json["subject"]["reference"] == "Patient/late"


def test_a_file_that_cannot_be_had_is_told_and_the_others_are_imported(imported, binary) -> None:
    manifest, told = imported(("Patient", "Binary/nowhere"), ("Patient", binary(a_line(id="x"))))

    assert [o["count"] for o in manifest["output"]] == [0, 1]
    assert len(told) == 1
    assert "Binary/nowhere" in told[0]


def test_only_what_the_token_allows_is_stored(exports, binary, client, client_as) -> None:
    url = binary(a_line(id="allowed"), a_line("Device", id="forbidden"))
    exports.client = client_as("system/Patient.cu system/Binary.r")
    answer = exports.client.post("/fhir/$import", json=asked((None, url)), headers=ASYNC)

    manifest = exports.manifest(exports.began(answer))
    assert manifest["output"][0]["count"] == 1
    assert client.get("/fhir/Device/forbidden").status_code == 404


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://169.254.169.254/latest", 400),
        ("http://127.0.0.1:5432/", 400),
        ("file:///etc/passwd", 400),
        ("https://public.example/Patient.ndjson", 400),
        ("Patient/1", 400),
    ],
)
def test_a_file_is_fetched_only_from_where_the_operator_allows(client, url, status) -> None:
    answer = client.post("/fhir/$import", json=asked(("Patient", url)), headers=ASYNC)

    assert answer.status_code == status
    assert "FHIRSERVER_BULK_IMPORT_SOURCES" in answer.json["issue"][0]["diagnostics"]


def test_an_address_is_listed_only_as_a_whole() -> None:
    listed = "https://files.example/out https://b.example"

    assert is_listed("https://files.example/out/1.ndjson", listed)
    assert not is_listed("https://files.example/outside/1.ndjson", listed)
    assert not is_listed("https://files.example/out/../secret", listed)
    assert not is_listed("https://files.example/out/%2E%2E/secret", listed)
    assert not is_listed("https://b.example.evil/1", listed)
    assert not is_listed("https://b.example@evil.example/1", listed)


@pytest.fixture
def file_server():
    """A server of files on loopback: the text of each by its path."""
    files: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = files.get(self.path)
            self.send_response(302 if text == "elsewhere" else 200 if text else 404)
            if text == "elsewhere":
                self.send_header("Location", "/other")
            body = (text or "").encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", files
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_from_a_listed_address_without_following_redirects(
    imported, bulk_app, file_server, client, monkeypatch
) -> None:
    base, files = file_server
    engine = bulk_app.extensions["fhirserver"]
    settings = dataclasses.replace(engine.context.settings, bulk_import_sources=f"{base}/files")
    monkeypatch.setattr(engine, "context", dataclasses.replace(engine.context, settings=settings))
    files["/files/a.ndjson"] = a_line(id="fetched")
    files["/files/b.ndjson"] = "elsewhere"
    manifest, told = imported(
        ("Patient", f"{base}/files/a.ndjson"), ("Patient", f"{base}/files/b.ndjson")
    )

    assert [o["count"] for o in manifest["output"]] == [1, 0]
    assert "302" in told[0]
    assert client.get("/fhir/Patient/fetched").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (asked(("Pateint", "Binary/1")), 400, "Patient"),
        (NO_INPUT, 400, "input"),
        (
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "inputFormat", "valueCode": "text/csv"},
                    {"name": "input", "part": [{"name": "url", "valueUri": "Binary/1"}]},
                ],
            },
            400,
            "inputFormat",
        ),
    ],
)
def test_what_cannot_be_imported_is_refused_with_the_reason(client, body, status, says) -> None:
    answer = client.post("/fhir/$import", json=body, headers=ASYNC)

    assert answer.status_code == status
    assert says in answer.json["issue"][0]["diagnostics"]


def test_who_may_not_write_cannot_import(client_as) -> None:
    body = asked(("Patient", "Binary/1"))

    for scope in ("system/*.rs", "user/*.cruds"):
        assert client_as(scope).post("/fhir/$import", json=body, headers=ASYNC).status_code == 403


def test_a_cancelled_import_stops(exports, binary, client, hands) -> None:
    url = binary(*(a_line(id=f"never{n}") for n in range(5)))
    where = exports.began(client.post("/fhir/$import", json=asked((None, url)), headers=ASYNC))

    client.delete(where)
    exports.work()
    assert client.get("/fhir/Patient/never1").status_code == 404


def test_a_large_import_is_stored_by_other_processes(
    imported, binary, hands, client, monkeypatch
) -> None:
    monkeypatch.setattr(importing, "WORTH_WHILE_BYTES", 0)
    first = binary(*(a_line(id=f"big{n % 9}", birthDate=f"19{n:02}-01-01") for n in range(90)))
    second = binary(a_line(id="big0", birthDate="2001-01-01"), "{bad")

    manifest, told = imported(("Patient", first), ("Patient", second))
    hands.helpers.end()
    assert [o["count"] for o in manifest["output"]] == [90, 1]
    assert [t.partition(":")[0] for t in told] == [f"{second}, line 2"]
    assert client.get("/fhir/Patient/big0").json["birthDate"] == "2001-01-01"
    assert client.get("/fhir/Patient/big5").json["birthDate"] == "1986-01-01"
    assert client.get("/fhir/Patient/big5/_history?_summary=count").json["total"] == 10


def test_a_process_that_is_killed_loses_nothing_and_doubles_nothing(
    imported, binary, hands, client, monkeypatch
) -> None:
    monkeypatch.setattr(importing, "WORTH_WHILE_BYTES", 0)
    lines = [a_line("Basic", code={"text": "killed"}, identifier=[{"value": f"kill-{n}"}])
             for n in range(3_000)]  # fmt: skip
    killed = []

    def kill() -> None:
        """One of them, as soon as something is stored."""
        ends = time.monotonic() + 120
        while time.monotonic() < ends and not killed:
            if hands.database.read("SELECT FROM jobs.stored_lines LIMIT 1"):
                process = next(iter(multiprocessing.active_children()), None)
                if process is not None:
                    process.kill()
                    killed.append(process.pid)
            time.sleep(0.01)
        hands.database.close()

    killer = threading.Thread(target=kill)
    killer.start()
    manifest, told = imported(("Basic", binary(*lines)))
    killer.join()
    hands.helpers.end()

    assert killed
    assert told == []
    assert manifest["output"][0]["count"] == 3_000
    found = client.get("/fhir/Basic?code:text=killed&_summary=count")
    assert found.json["total"] == 3_000
