"""The demo day as a client: FHIR over HTTP with a token of its own, like any hospital's feed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from fhirserver.demo.fhir import Resource


class Refused(Exception):
    """The server didn't do what it was asked."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{status}: {why}")
        self.status = status


class Client:
    """A server at the other end of HTTP. `token` makes a bearer token, again when one is over."""

    def __init__(self, http: httpx.Client, base: str, token: Callable[[], str]) -> None:
        self._http = http
        self._base = base
        self._make = token
        self._token = ""

    def read(self, resource_type: str, resource_id: str) -> Resource | None:
        try:
            return self._json("GET", f"{resource_type}/{resource_id}")
        except Refused as error:
            if error.status in {404, 410}:
                return None
            raise

    def search(self, resource_type: str, **parameters: str) -> list[Resource]:
        found = self._json("GET", resource_type, parameters=_named(parameters))
        return [
            e["resource"] for e in found.get("entry", ())
            if e.get("search", {}).get("mode", "match") == "match"
        ]  # fmt: skip

    def operate(self, path: str, body: Resource | None = None, **parameters: str) -> Resource:
        method = "GET" if body is None else "POST"
        return self._json(method, path, body, _named(parameters))

    def file(self, path: str, **parameters: str) -> bytes:
        return self._ask("GET", path, None, parameters, {"Accept": "*/*"}).content

    def write(self, *resources: Resource) -> None:
        self.transaction(resources)

    def transaction(self, resources: Sequence[Resource]) -> Resource:
        """Put resources in place, all of them or none; one that was read, over what was read."""
        entries = [
            {"fullUrl": f"urn:uuid:{r['id']}", "resource": r, "request": _request(r)}
            for r in resources
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        return self._json("POST", "", bundle)

    def _json(self, method: str, path: str, body: Resource | None = None,
              parameters: dict[str, str] | None = None) -> Resource:  # fmt: skip
        answer = self._ask(method, path, body, parameters or {}, {})
        found: Any = answer.json() if answer.content else {}
        return found if isinstance(found, dict) else {}

    def _ask(self, method: str, path: str, body: Resource | None, parameters: dict[str, str],
             headers: dict[str, str]) -> httpx.Response:  # fmt: skip
        content = None if body is None else json.dumps(body).encode()
        for is_last in (False, True):
            if not self._token:
                self._token = self._make()
            answer = self._http.request(
                method, f"{self._base}/{path}".rstrip("/"), params=parameters, content=content,
                headers={
                    "Accept": "application/fhir+json",
                    "Content-Type": "application/fhir+json",
                    "Authorization": f"Bearer {self._token}",
                    **headers,
                },
            )  # fmt: skip
            if answer.status_code != 401 or is_last:
                break
            self._token = ""
        if answer.is_success:
            return answer
        raise Refused(answer.status_code, _why(answer))


def _request(resource: Resource) -> Resource:
    found = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
    version = resource.get("meta", {}).get("versionId")
    return found | ({"ifMatch": f'W/"{version}"'} if version else {})


def _named(parameters: dict[str, str]) -> dict[str, str]:
    return {k[0] + k[1:].replace("_", "-"): v for k, v in parameters.items()}


def _why(answer: httpx.Response) -> str:
    try:
        issues = answer.json().get("issue", [])
    except ValueError:
        return answer.reason_phrase
    return "; ".join(
        str(i.get("diagnostics") or i.get("details", {}).get("text") or i.get("code"))
        for i in issues
    )  # fmt: skip
