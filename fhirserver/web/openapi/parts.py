"""What many addresses of the document share: parameters, headers, bodies and answers.

They are named once under `components`, and referred to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fhirserver.web.negotiation import FHIR_JSON, FHIR_XML
from fhirserver.web.openapi.schemas import reference

Part = dict[str, Any]

_TEXT: Final = {"type": "string"}
_ID: Final = {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"}
_XML: Final = {"schema": {"type": "string", "description": "The same as XML."}}
FORM: Final = "application/x-www-form-urlencoded"


def _query(name: str, text: str, schema: Mapping[str, Any] = _TEXT) -> Part:
    return {"name": name, "in": "query", "description": text, "schema": dict(schema)}


def _header(name: str, text: str) -> Part:
    return {"name": name, "in": "header", "description": text, "schema": dict(_TEXT)}


_COUNT: Final = {"type": "integer", "minimum": 0}
PARAMETERS: Final[dict[str, Part]] = {
    "id": {"name": "id", "in": "path", "required": True, "schema": _ID,
           "description": "The logical id of the resource."},
    "vid": {"name": "vid", "in": "path", "required": True, "schema": _ID,
            "description": "The number of a version."},
    "_format": _query("_format", "Which form the answer has; it overrides Accept.",
                      {"enum": ["json", "xml", FHIR_JSON, FHIR_XML]}),
    "_pretty": _query("_pretty", "Whether the answer is indented.", {"type": "boolean"}),
    "_summary": _query("_summary", "Which part of a resource is wanted.",
                       {"enum": ["true", "text", "data", "count", "false"]}),
    "_elements": _query("_elements", "The elements that are wanted, separated by commas."),
    "_count": _query("_count", "How many matches a page has at most.", _COUNT),
    "_sort": _query("_sort", "Parameters to sort by, with commas; `-` before one turns it."),
    "_total": _query("_total", "Whether the number of matches is counted.",
                     {"enum": ["none", "estimate", "accurate"]}),
    "_include": _query("_include", "Other resources that a match refers to: `TYPE:PARAMETER`, `*`.",
                       {"type": "array", "items": _TEXT}),
    "_revinclude": _query("_revinclude", "Other resources that refer to a match: "
                          "`TYPE:PARAMETER`, `*`.", {"type": "array", "items": _TEXT}),
    "_type": _query("_type", "The resource types, separated by commas."),
    "_since": _query("_since", "Only versions from this instant on."),
    "_at": _query("_at", "Only versions that were current at this time."),
    "If-Match": _header("If-Match", 'The version that is changed, as in `W/"3"`: else `412`.'),
    "If-None-Match": _header("If-None-Match", "The ETag of what the client has: then `304`."),
    "If-Modified-Since": _header("If-Modified-Since", "An HTTP date: `304` if nothing is newer."),
    "If-None-Exist": _header("If-None-Exist", "A search: nothing is created if it has a match."),
    "Prefer": _header("Prefer", "`return=minimal`, `return=representation`, "
                      "`return=OperationOutcome`; `handling=lenient`, `handling=strict`."),
}  # fmt: skip

HEADERS: Final[dict[str, Part]] = {
    "ETag": {"description": "The version of the resource.", "schema": _TEXT},
    "Last-Modified": {"description": "When the version was made.", "schema": _TEXT},
    "Location": {"description": "Where the new version is.", "schema": _TEXT},
}
_VERSIONED: Final = ("ETag", "Last-Modified")


def content(type_name: str) -> Part:
    """A resource of a type, in both forms."""
    return {FHIR_JSON: {"schema": reference(type_name)}, FHIR_XML: _XML}


def shown(name: str) -> Part:
    """A reference to a parameter."""
    return {"$ref": f"#/components/parameters/{name}"}


def body(name: str) -> Part:
    """A reference to a request body."""
    return {"$ref": f"#/components/requestBodies/{name}"}


def answers(name: str, *more: str) -> Part:
    """The answers of a call: a resource of a type, by its status, or a problem."""
    found = {"200": {"$ref": f"#/components/responses/{name}"}}
    for status in more:
        what = {"201": name, "204": "Nothing", "304": "Unchanged"}[status]
        found[status] = {"$ref": f"#/components/responses/{what}"}
    return {**found, "default": {"$ref": "#/components/responses/Problem"}}


def responses(types: Iterable[str]) -> dict[str, Part]:
    """The answers that there are, by name."""
    made: dict[str, Part] = {
        "Problem": {
            "description": "What went wrong, or what the call came to.",
            "content": content("OperationOutcome"),
        },
        "Capabilities": {
            "description": "What the server does.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            "content": {
                FHIR_JSON: {
                    "schema": {
                        "anyOf": [
                            reference("CapabilityStatement"),
                            reference("TerminologyCapabilities"),
                        ]
                    }
                },
                FHIR_XML: _XML,
            },
        },
        "Nothing": {"description": "Done; there is nothing to say."},
        "Unchanged": {"description": "The client has this version."},
    }
    for name in types:
        made[name] = {
            "description": f"A {name}." if name != "Resource" else "A resource.",
            "headers": {h: {"$ref": f"#/components/headers/{h}"} for h in HEADERS},
            "content": content(name),
        }
    return made


def bodies(types: Iterable[str]) -> dict[str, Part]:
    """The request bodies that there are, by name."""
    made: dict[str, Part] = {
        "Search": {
            "description": "The parameters of a search, as in an address.",
            "content": {
                FORM: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
            },
        },
        "Patch": {
            "required": True,
            "content": {
                FHIR_JSON: {"schema": reference("Parameters")},
                FHIR_XML: _XML,
                "application/json-patch+json": {
                    "schema": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["op", "path"],
                            "properties": {
                                "op": {
                                    "enum": ["add", "remove", "replace", "move", "copy", "test"]
                                },
                                "path": {"type": "string"},
                                "from": {"type": "string"},
                                "value": {},
                            },
                        },
                    }
                },
                "application/merge-patch+json": {"schema": {"type": "object"}},
                "application/xml-patch+xml": {"schema": {"type": "string"}},
            },
        },
    }
    made.update({name: {"required": True, "content": content(name)} for name in types})
    return made
