"""The whole document, or that of some resource types.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from fhirserver.interactions.context import Context
from fhirserver.web.openapi.calls import calls, outputs
from fhirserver.web.openapi.parts import (
    HEADERS,
    PARAMETERS,
    Part,
    answers,
    bodies,
    body,
    responses,
    shown,
)
from fhirserver.web.openapi.resources import RESULTS, Paths, of_type, search_parameters
from fhirserver.web.openapi.schemas import schemas

# What every document needs.
_ALWAYS: Final = (
    "Bundle",
    "CapabilityStatement",
    "Element",
    "OperationOutcome",
    "Parameters",
    "TerminologyCapabilities",
)
_DESCRIPTION: Final = (
    "The FHIR R4 API of this server, made of the same registry as its CapabilityStatement "
    "(`GET metadata`). `openapi.json?_type=Patient,Observation` is the part about some types. "
    "JSON is described in full; XML says the same."
)


def document(ctx: Context, types: Sequence[str]) -> dict[str, Any]:
    """The OpenAPI document about some resource types, and about the whole server."""
    named = sorted({*_ALWAYS, *types, *outputs(ctx, types)})
    whole = set(types) == set(ctx.definitions.resource_types)
    paths: Paths = _system(ctx)
    parameters: dict[str, Part] = {}
    for name in types:
        paths |= of_type(ctx, name)
        parameters |= search_parameters(ctx, name)
    paths |= calls(ctx, types, everywhere=True)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fhirserver" if whole else f"fhirserver: {', '.join(types)}",
            "version": version("fhirserver"),
            "summary": "A FHIR R4 server",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "externalDocs": {"url": "https://hl7.org/fhir/R4/http.html"},
        "servers": [{"url": ctx.settings.fhir_base}],
        "security": [{"bearer": []}],
        "tags": [{"name": t} for t in ("system", "any type", *types)],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token with SMART's scopes: `system/*.cruds`.",
                }
            },
            "parameters": parameters | PARAMETERS,
            "headers": HEADERS,
            "responses": responses(named),
            "requestBodies": bodies(named),
            "schemas": schemas(ctx.definitions, (n for n in named if n != "Resource")),
        },
    }


def _system(ctx: Context) -> Paths:
    """The addresses that are about no type. https://hl7.org/fhir/R4/http.html#capabilities"""
    general = [shown("_format"), shown("_pretty"), shown("Prefer")]
    results = [shown(name) for name in RESULTS]
    mode = {
        "name": "mode",
        "in": "query",
        "description": "`terminology` for the TerminologyCapabilities.",
        "schema": {"enum": ["full", "normative", "terminology"]},
    }
    return {
        "/": {
            "get": _call("search_system", "Search in several types", answers("Bundle"),
                         [shown("_type"), *results, shown("Prefer")]),
            "post": _call("bundle", "Carry out a batch or a transaction", answers("Bundle"),
                          general, body("Bundle")),
        },
        "/_search": {
            "post": _call("search_system_by_post", "Search in several types by a form",
                          answers("Bundle"), general, body("Search")),
        },
        "/_history": {
            "get": _call("history_of_system", "The history of everything", answers("Bundle"),
                         [shown(n) for n in ("_count", "_since", "_at", "_format", "_pretty")]),
        },
        "/metadata": {
            "get": {
                **_call("capabilities", "What this server does",
                        answers("Capabilities", "304"),
                        [mode, shown("If-None-Match"), shown("_summary"), shown("_elements"),
                         shown("_format"), shown("_pretty")]),
                "security": [],
            },
        },
        "/openapi.json": {
            "get": {
                "tags": ["system"],
                "operationId": "system_openapi",
                "summary": "This document",
                "parameters": [shown("_type"), shown("If-None-Match")],
                "responses": {
                    "200": {
                        "description": "An OpenAPI document.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    "304": {"$ref": "#/components/responses/Unchanged"},
                    "default": {"$ref": "#/components/responses/Problem"},
                },
                "security": [],
            },
        },
    }  # fmt: skip


def _call(
    name: str,
    summary: str,
    answered: Part,
    parameters: Sequence[Part],
    request_body: Part | None = None,
) -> Part:
    made: Part = {
        "tags": ["system"],
        "operationId": f"system_{name}",
        "summary": summary,
        "parameters": list(parameters),
        "responses": answered,
    }
    return made if request_body is None else {**made, "requestBody": request_body}
