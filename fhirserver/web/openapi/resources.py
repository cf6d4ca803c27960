"""The addresses of one resource type. https://hl7.org/fhir/R4/http.html#summary"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from fhirserver.interactions.context import Context
from fhirserver.search.parameters import SearchParameter
from fhirserver.web.openapi.parts import Part, answers, body, shown

Paths = dict[str, dict[str, Any]]

_ODD: Final = re.compile(r"[^A-Za-z0-9._-]")
_GENERAL: Final = ("_format", "_pretty")
_SUBSET: Final = ("_summary", "_elements", *_GENERAL)
RESULTS: Final = ("_count", "_sort", "_total", "_include", "_revinclude", *_SUBSET)
_HISTORY: Final = ("_count", "_since", "_at", *_GENERAL)
_SEARCH: Final = (
    "Modifiers (`name:exact`), chains (`subject:Patient.name`), `_has` and prefixes (`ge2020`) are "
    "those of https://hl7.org/fhir/R4/search.html. Repeated parameters must all hold; commas "
    "separate alternatives. What isn't known is refused, unless the request says `Prefer: "
    "handling=lenient`."
)


def of_type(ctx: Context, name: str) -> Paths:
    """Every address of a type but those of operations."""
    changed = [shown("Prefer"), *_all(_GENERAL)]
    searched = _all(list(search_parameters(ctx, name)))
    conditional = [*searched, *changed]
    instance, type_, versions = f"/{name}/{{id}}", f"/{name}", f"/{name}/{{id}}/_history"
    return {
        type_: {
            "get": _call(name, "search", f"Search for {name} resources", answers("Bundle"),
                         [*searched, *_all(RESULTS), shown("Prefer")], description=_SEARCH),
            "post": _call(name, "create", f"Create a {name}", answers(name, "201"),
                          [shown("If-None-Exist"), *changed], body(name)),
            "put": _call(name, "conditional_update", f"Update the {name} that a search finds, "
                         "or create one", answers(name, "201"),
                         [shown("If-Match"), *conditional], body(name)),
            "patch": _call(name, "conditional_patch", f"Patch the {name} that a search finds",
                           answers(name), [shown("If-Match"), *conditional], body("Patch")),
            "delete": _call(name, "conditional_delete", f"Delete the {name} that a search finds",
                            answers("OperationOutcome", "204"), conditional),
        },
        f"{type_}/_search": {
            "post": _call(name, "search_by_post", f"Search for {name} resources by a form",
                          answers("Bundle"), [*_all(_GENERAL), shown("Prefer")], body("Search")),
        },
        f"{type_}/_history": {
            "get": _call(name, "history_of_type", f"The history of all {name} resources",
                         answers("Bundle"), _all(_HISTORY)),
        },
        instance: {
            "parameters": [shown("id")],
            "get": _call(name, "read", f"Read a {name}", answers(name, "304"),
                         _all(("If-None-Match", "If-Modified-Since", *_SUBSET))),
            "put": _call(name, "update", f"Update a {name}, or create one with this id",
                         answers(name, "201"),
                         [shown("If-Match"), shown("If-None-Match"), *changed], body(name)),
            "patch": _call(name, "patch", f"Patch a {name}", answers(name),
                           [shown("If-Match"), *changed], body("Patch")),
            "delete": _call(name, "delete", f"Delete a {name}",
                            answers("OperationOutcome", "204"), [shown("If-Match"), *changed]),
        },
        versions: {
            "parameters": [shown("id")],
            "get": _call(name, "history", f"The history of a {name}", answers("Bundle"),
                         _all(_HISTORY)),
        },
        f"{versions}/{{vid}}": {
            "parameters": [shown("id"), shown("vid")],
            "get": _call(name, "vread", f"Read a version of a {name}", answers(name, "304"),
                         _all(("If-None-Match", *_SUBSET))),
        },
        **_compartment(ctx, name),
    }  # fmt: skip


def _compartment(ctx: Context, name: str) -> Paths:
    """https://hl7.org/fhir/R4/compartmentdefinition.html"""
    members = ctx.definitions.compartments.get(name)
    if not members:
        return {}
    searched = {
        "name": "searched",
        "in": "path",
        "required": True,
        "description": "The type that is searched; `*` is all of them.",
        "schema": {"enum": ["*", *sorted(members)]},
    }
    get = _call(name, "search_compartment", f"Search in the compartment of a {name}",
                answers("Bundle"), [*_all(RESULTS), shown("Prefer")])  # fmt: skip
    return {f"/{name}/{{id}}/{{searched}}": {"parameters": [shown("id"), searched], "get": get}}


def search_parameters(ctx: Context, name: str) -> dict[str, Part]:
    """The search parameters of a type that are answered, by their name among the components."""
    return {
        _component(name, code): {
            "name": code,
            "in": "query",
            "description": _described(p),
            "schema": {"type": "array", "items": {"type": "string"}},
        }
        for code, p in sorted(ctx.parameters.for_type(name).items())
        if code != "_has" and ctx.parameters.is_answered(name, code)
    }


def _component(name: str, code: str) -> str:
    """Those of all types are one. https://spec.openapis.org/oas/v3.1.0#fixed-fields-5"""
    return code if code.startswith("_") else f"{name}-{_ODD.sub('_', code)}"


def _described(p: SearchParameter) -> str:
    modifiers = f" Modifiers: {', '.join(f':{m}' for m in p.modifiers)}." if p.modifiers else ""
    return f"{p.type}: {p.description or p.code}{modifiers}"


def _all(names: Sequence[str]) -> list[Part]:
    return [shown(n) for n in names]


def _call(
    tag: str,
    name: str,
    summary: str,
    responses: Part,
    parameters: Sequence[Part],
    request_body: Part | None = None,
    description: str | None = None,
) -> Part:
    made: Part = {
        "tags": [tag],
        "operationId": f"{tag}_{name}",
        "summary": summary,
        **({"description": description} if description else {}),
        "parameters": list(parameters),
        "responses": responses,
    }
    return made if request_body is None else {**made, "requestBody": request_body}
