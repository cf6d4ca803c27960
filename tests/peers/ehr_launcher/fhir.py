"""The other hospital's FHIR server: it reads, and searches by patient. It knows none of our code.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Response, jsonify, request

Answer = tuple[dict[str, Any], int]


class Record:
    """Resources by type and id."""

    def __init__(self, resources: list[dict[str, Any]]) -> None:
        self._resources = {(r["resourceType"], r["id"]): r for r in resources}

    def answer(self, path: str) -> Answer:
        """A read (`Patient/1`) or a search (`Observation?patient=1`), relative to the base."""
        parts = urlsplit(path)
        kind, _, id_ = parts.path.strip("/").partition("/")
        if id_:
            found = self._resources.get((kind, id_))
            return (found, 200) if found else (outcome("not-found"), 404)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        matches = [
            r
            for (type_, _), r in self._resources.items()
            if type_ == kind and _is_about(r, query) and query.get("_id", r["id"]) == r["id"]
        ]
        entries = [{"resource": r, "search": {"mode": "match"}} for r in matches]
        return {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(matches),
            "entry": entries,
        }, 200

    def batch(self, bundle: dict[str, Any]) -> Answer:
        """Several of these at once."""
        answers = []
        for entry in bundle.get("entry", []):
            asked = entry["request"]
            found, status = (
                self.answer(asked["url"])
                if asked["method"] == "GET"
                else (outcome("forbidden"), 403)
            )
            body = {"outcome": found} if status >= 400 else {}
            answers.append(
                {"response": {"status": str(status), **body}}
                | ({} if body else {"resource": found})
            )
        return {"resourceType": "Bundle", "type": "batch-response", "entry": answers}, 200


def outcome(code: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": code}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def blueprint(record: Record, may: Callable[[str], bool]) -> Blueprint:
    """The addresses below `/r4`; `may` is told the bearer token."""
    api = Blueprint("fhir", __name__, url_prefix="/r4")

    @api.get("/metadata")
    def metadata() -> Response:
        return jsonify(resourceType="CapabilityStatement", fhirVersion="4.0.1", status="active")

    @api.route("/", methods=["POST"])
    @api.route("/<path:below>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def serve(below: str = "") -> tuple[Response, int]:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not may(token):
            found, status = outcome("login"), 401
        elif request.method == "GET":
            found, status = record.answer(f"{below}?{request.query_string.decode()}")
        elif request.method == "POST" and not below:
            found, status = record.batch(request.get_json(force=True))
        else:
            found, status = outcome("forbidden"), 403
        response = jsonify(found)
        response.content_type = "application/fhir+json"
        return response, status

    return api


def _is_about(resource: dict[str, Any], query: dict[str, str]) -> bool:
    patient = query.get("patient", query.get("subject"))
    if patient is None:
        return True
    about = resource.get("subject", resource.get("patient", {})).get("reference", "")
    return bool(about.endswith(f"/{patient.rpartition('/')[2]}"))
