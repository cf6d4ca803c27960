"""A FHIR server in memory with just enough of the standard to drive, and answers that can be spoiled."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.performance.client import Target

Resource = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Spoil = Callable[[str, str, Answer], Answer]


class Stub:
    """Resources by `Type/id`; `spoil` may change any answer before it is sent."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.deleted: set[str] = set()
        self.requests: list[tuple[str, str]] = []
        self.spoil: Spoil = lambda method, path, answer: answer
        self.chunked = False
        self.lock = threading.Lock()
        self.created = 0

    def handle(self, method: str, target: str, body: bytes) -> Answer:
        with self.lock:
            self.requests.append((method, target))
            return self.spoil(method, target, self._answer(method, urlsplit(target), body))

    def _answer(self, method: str, url: Any, body: bytes) -> Answer:
        path = url.path.removeprefix("/fhir").strip("/")
        if path == "metadata":
            return self._json(200, CAPABILITIES)
        if path == "ValueSet/$validate-code":
            return self._json(200, self._validated(url, body))
        if method == "POST" and not path:
            return self._json(200, self._transaction(json.loads(body)))
        if method == "POST":
            name = self._store(json.loads(body))
            return 201, {"Location": f"http://elsewhere/fhir/{name}/_history/1"}, b""
        if method == "PUT":
            self.resources[path] = json.loads(body)
            return self._json(200, self.resources[path])
        if method == "DELETE":
            self.resources.pop(path, None)
            self.deleted.add(path)
            return 204, {}, b""
        if path == "ValueSet/$expand":
            return self._json(200, {"contains": [{"code": "c"}] * 10_000})
        if path.endswith("/$everything"):
            return self._json(200, self._everything(path.removesuffix("/$everything")))
        if "/" in path:
            found = self.resources.get(path)
            return (
                self._json(200, found)
                if found
                else self._json(410 if path in self.deleted else 404, {})
            )
        return self._json(200, self._search(path, dict(parse_qsl(url.query))))

    def _json(self, status: int, content: Resource) -> Answer:
        return status, {}, json.dumps(content).encode()

    def _validated(self, url: Any, body: bytes) -> Resource:
        is_in = "zzqx-" not in url.query and b"zzqx-" not in body
        return {"parameter": [{"name": "result", "valueBoolean": is_in}]}

    def _store(self, resource: Resource) -> str:
        self.created += 1
        name = f"{resource['resourceType']}/n{self.created}"
        self.resources[name] = resource | {"id": f"n{self.created}"}
        return name

    def _transaction(self, bundle: Resource) -> Resource:
        names = {entry["fullUrl"]: self._store(entry["resource"]) for entry in bundle["entry"]}
        for name in names.values():
            text = json.dumps(self.resources[name])
            for full_url, target in names.items():
                text = text.replace(f'"{full_url}"', f'"{target}"')
            self.resources[name] = json.loads(text)
        answers = [
            {"response": {"status": "201 Created", "location": f"{n}/_history/1"}}
            for n in names.values()
        ]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def _search(self, kind: str, asked: dict[str, str]) -> Resource:
        found = [
            r for r in self.resources.values() if r["resourceType"] == kind and _matches(r, asked)
        ]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if asked.get("_summary") == "count":
            return bundle
        start, size = int(asked.get("page", 0)), int(asked.get("_count", 20))
        entries = [
            {"resource": r, "search": {"mode": "match"}} for r in found[start : start + size]
        ]
        rest = "&".join(f"{name}={value}" for name, value in asked.items() if name != "page")
        following = {
            "relation": "next",
            "url": f"http://elsewhere/fhir/{kind}?{rest}&page={start + size}",
        }
        return bundle | {"link": [following] if start + size < len(found) else [], "entry": entries}

    def _everything(self, patient: str) -> Resource:
        found = [
            r
            for name, r in self.resources.items()
            if name == patient or _matches(r, {"patient": patient})
        ]
        return {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": r} for r in found],
        }


def _matches(resource: Resource, asked: dict[str, str]) -> bool:
    holder = resource.get("subject") or resource.get("patient") or {}
    patient = asked.get("patient") or asked.get("subject")
    if patient and holder.get("reference") != patient:
        return False
    if "_id" in asked and resource["id"] != asked["_id"]:
        return False
    if "code" in asked:
        codings = resource.get("code", {}).get("coding", [])
        return any(asked["code"] in {c["code"], f"{c['system']}|{c['code']}"} for c in codings)
    return True


CAPABILITIES: Resource = {
    "resourceType": "CapabilityStatement",
    "software": {"name": "stub", "version": "1"},
    "rest": [
        {
            "mode": "server",
            "resource": [
                {"type": "Patient", "operation": [{"name": "everything"}]},
                {"type": "Encounter"},
                {"type": "Observation"},
                {"type": "ValueSet", "operation": [{"name": "validate-code"}, {"name": "expand"}]},
            ],
        }
    ],
}


@contextmanager
def serving(stub: Stub) -> Iterator[Target]:
    """The stub on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = stub.handle(self.command, self.path, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status == 204:
                self.end_headers()
            elif stub.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for part in (content[:7], content[7:]):
                    if part:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                        self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            self.close_connection = headers.get("Connection") == "close"

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Target.parse(f"http://127.0.0.1:{server.server_address[1]}/fhir", "secret")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def patient_bundle(number: int, observations: int = 25) -> Resource:
    """A patient with an encounter and Observations, as a transaction."""
    patient, encounter = (
        f"urn:uuid:{number:08x}-0000-4000-8000-000000000001",
        f"urn:uuid:{number:08x}-0000-4000-8000-000000000002",
    )
    resources: list[tuple[str, Resource]] = [
        (
            patient,
            {
                "resourceType": "Patient",
                "identifier": [{"system": "urn:mrn", "value": f"M{number}"}],
                "name": [{"family": f"Family{number}"}],
                "birthDate": "1970-02-03",
                "address": [{"city": "Graz"}],
            },
        ),
        (
            encounter,
            {"resourceType": "Encounter", "status": "finished", "subject": {"reference": patient}},
        ),
    ]
    resources += [
        (
            f"urn:uuid:{number:08x}-0000-4000-8000-{100 + n:012x}",
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": f"{n % 5}-1"}]},
                "subject": {"reference": patient},
                "encounter": {"reference": encounter},
                "effectiveDateTime": f"2020-01-{1 + n:02}T08:00:00+01:00",
                "valueQuantity": {
                    "value": 5.5,
                    "unit": "mg/dL",
                    "system": "http://unitsofmeasure.org",
                    "code": "mg/dL",
                },
            },
        )
        for n in range(observations)
    ]
    entries = [
        {"fullUrl": u, "resource": r, "request": {"method": "POST", "url": r["resourceType"]}}
        for u, r in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
