"""`GET /hl7v2/openapi.json`: these addresses as an OpenAPI document, for everybody."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, jsonify

from hl7v2_gateway.web.operator import Operator

_LIST: Final = ("sender", "state", "event", "control", "patient", "content", "since", "until",
                "from", "to", "_count")  # fmt: skip
_SENT: Final = ("receiver", "state", "patient", "control", "about", "before", "_count")
_TEXT: Final = {"type": "string"}
_CHOICE: Final = {
    "sender": _TEXT,
    "state": _TEXT,
    "event": _TEXT,
    "since": {"type": "string", "format": "date-time"},
    "until": {"type": "string", "format": "date-time"},
    "from": {"type": "integer"},
    "to": {"type": "integer"},
    "messages": {"type": "array", "items": {"type": "integer"}},
    "isDryRun": {"type": "boolean"},
    "withNewer": {"type": "boolean"},
}

_OVERLAY: Final = {name: {"type": "object"} for name in ("slots", "maps", "codes")}
_TRIAL: Final = {
    "sender": _TEXT,
    "overlay": {"type": "object"},
    "messages": {"type": "integer"},
}


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the address."""
    base = operator.desk.engine.context.settings.fhir_base.removesuffix("/fhir")

    @made.get("/openapi.json")
    def describe() -> Response:
        return jsonify(document(base))


def document(base: str) -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "HL7 v2 interfaces", "version": "1"},
        "servers": [{"url": base}],
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/hl7v2": {"post": _call("Take a message or a batch", media="application/hl7-v2")},
            "/hl7v2/senders": {"get": _call("Senders, and how they stand")},
            "/hl7v2/lanes": {
                "get": _call("The lanes that have waited longest", query=("message", "_count"))
            },
            "/hl7v2/messages": {"get": _call("Messages, the newest first", query=_LIST)},
            "/hl7v2/messages/{number}": {"get": _call("A message", by="number")},
            "/hl7v2/messages/{number}/fields": {
                "get": _call("A message beside the FHIR it makes, field by field", by="number")
            },
            "/hl7v2/messages/{number}/copies": {
                "post": _call("Put an edited copy in its place", {"text": _TEXT}, by="number")
            },
            "/hl7v2/messages/{number}/discard": {
                "post": _call("Deal with it no more", {"reason": _TEXT}, by="number")
            },
            "/hl7v2/codes": {
                "get": _call("Codes that no table translates", query=("sender", "state"))
            },
            "/hl7v2/codes/{question}/answer": {
                "post": _call(
                    "Say what a code means",
                    {"system": _TEXT, "code": _TEXT, "display": _TEXT},
                    by="question",
                )
            },
            "/hl7v2/overlays": {"get": _call("Overlays over the mapping tables")},
            "/hl7v2/overlays/{name}": {
                "get": _call("An overlay", by="name"),
                "put": _call("Enter a version of it", _OVERLAY, by="name"),
            },
            "/hl7v2/overlays/{name}/trial": {
                "post": _call("Say what it would change", _TRIAL, by="name")
            },
            "/hl7v2/receivers": {"get": _call("Receivers, and how they stand")},
            "/hl7v2/sent": {"get": _call("Messages that go out, the newest first", query=_SENT)},
            "/hl7v2/sent/{number}": {"get": _call("A message that goes out", by="number")},
            "/hl7v2/sent/{number}/resend": {"post": _call("Send it again", {}, by="number")},
            "/hl7v2/sent/{number}/cancel": {"post": _call("Leave it out", {}, by="number")},
            "/hl7v2/sent/{number}/copies": {
                "post": _call("Send an edited copy in its place", {"text": _TEXT}, by="number")
            },
            "/hl7v2/replays": {"post": _call("Convert messages again, or say what for", _CHOICE)},
        },
    }


def _call(
    summary: str,
    body: dict[str, Any] | None = None,
    *,
    query: tuple[str, ...] = (),
    by: str = "",
    media: str = "application/json",
) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [{"name": n, "in": "query", "schema": _TEXT} for n in query]
    if by:
        schema = {"type": "integer"} if by == "number" else _TEXT
        parameters.append({"name": by, "in": "path", "required": True, "schema": schema})
    call: dict[str, Any] = {
        "summary": summary,
        "responses": {"default": {"description": "The answer", "content": {media: {}}}},
    }
    if parameters:
        call["parameters"] = parameters
    if body is not None or media != "application/json":
        content = {} if body is None else {"schema": {"type": "object", "properties": body}}
        call["requestBody"] = {"required": True, "content": {media: content}}
    return call
