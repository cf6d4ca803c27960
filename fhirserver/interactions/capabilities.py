"""FHIR capabilities: what this server does, generated from what is registered.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import Final

from fhirserver import clock
from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operation import Operation, on_system, on_type
from fhirserver.interactions.shipped import address
from fhirserver.interactions.subsets import subset, wanted_subset
from fhirserver.interactions.terminology_capabilities import (
    INSTANTIATES,
    features,
    terminology_capabilities,
)
from fhirserver.model import json
from fhirserver.model.requirements import is_for_servers, unmet
from fhirserver.model.resource import Resource
from fhirserver.search.parameters import Parameters
from fhirserver.storage.conformance import guides, profiles, requirements
from fhirserver.storage.content import instant

_TYPE_INTERACTIONS: Final = (
    "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create",
    "search-type",
)  # fmt: skip
_RELEASED: Final = "2026-11-25"
_STARTED: Final = instant(clock.now())


@interactions.register("capabilities")
def capabilities(ctx: Context, request: FhirRequest) -> FhirResponse:
    mode = request.first("mode") or "full"
    if mode not in {"full", "normative", "terminology"}:
        raise Invalid("mode must be full, normative or terminology")
    if mode == "terminology":
        return FhirResponse(200, terminology_capabilities(ctx, _STARTED))
    statement, tag = _statement(ctx, ctx.conformance.generation, ctx.parameters)
    if request.if_none_match is not None and tag in request.if_none_match:
        return FhirResponse(304, headers={"ETag": tag})
    wanted = wanted_subset(request.query)
    content = statement if wanted is None else subset(statement.decode(), wanted, ctx.definitions)
    return FhirResponse(200, content, headers={"ETag": tag})


@lru_cache(maxsize=4)
def _statement(ctx: Context, generation: str, parameters: Parameters) -> tuple[bytes, str]:
    """The statement and its ETag, as definitions and search parameters are at one time."""
    guided = [_canonical(url, number) for url, number in guides(ctx.store.database)]
    made: Resource = {
        "resourceType": "CapabilityStatement",
        "extension": features(),
        "url": f"{ctx.settings.fhir_base}/metadata",
        "version": version("fhirserver"),
        "name": "Fhirserver",
        "title": "fhirserver, a FHIR R4 interoperability server",
        "status": "active",
        "date": _STARTED,
        "kind": "instance",
        "instantiates": [INSTANTIATES],
        "software": {
            "name": "fhirserver",
            "version": version("fhirserver"),
            "releaseDate": _RELEASED,
        },
        "implementation": {
            "description": "fhirserver, a FHIR R4 interoperability server",
            "url": ctx.settings.fhir_base,
        },
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json", "xml", "application/fhir+xml"],
        "patchFormat": [
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/xml-patch+xml",
            "application/fhir+json",
            "application/fhir+xml",
        ],
        **({"implementationGuide": guided} if guided else {}),
        "rest": [_rest(ctx)],
    }
    made["instantiates"] += _fulfilled(ctx, made)
    content = json.dump(made)
    return content, f'W/"{sha256(content).hexdigest()[:32]}"'


def _fulfilled(ctx: Context, ours: Resource) -> list[str]:
    """The requirements of stored guides that this server meets, each by its canonical address."""
    met = [
        (r["url"], r.get("version"))
        for r in requirements(ctx.store.database)
        if "url" in r and is_for_servers(r) and not unmet(r, ours)
    ]
    urls = [url for url, _ in met]
    return [_canonical(url, number if urls.count(url) > 1 else None) for url, number in met]


def _rest(ctx: Context) -> Resource:
    supported = _supported(ctx)
    return {
        "mode": "server",
        "security": {
            "cors": False,
            "description": "A bearer token is needed for everything but this statement.",
        },
        "resource": [_resource(ctx, t, supported) for t in ctx.definitions.resource_types],
        "interaction": [
            {"code": code} for code in ("transaction", "batch", "search-system", "history-system")
        ],
        **_operations(ctx, on_system()),
        "searchParam": _parameters(ctx, "Basic", common=True),
        "compartment": [
            f"http://hl7.org/fhir/CompartmentDefinition/{name.lower()}"
            if name != "RelatedPerson"
            else "http://hl7.org/fhir/CompartmentDefinition/relatedPerson"
            for name in ctx.definitions.compartments
        ],
    }


def _supported(ctx: Context) -> dict[str, list[str]]:
    """The stored profiles by type: with their version where there are several of one profile."""
    versions: dict[tuple[str, str], list[str | None]] = {}
    for resource_type, url, number in profiles(ctx.store.database):
        versions.setdefault((resource_type, url), []).append(number)
    found: dict[str, list[str]] = {}
    for (resource_type, url), numbers in versions.items():
        several = len(numbers) > 1
        found.setdefault(resource_type, []).extend(
            _canonical(url, number if several else None) for number in numbers
        )
    return found


def _canonical(url: str, number: str | None) -> str:
    return url if number is None else f"{url}|{number}"


def _resource(ctx: Context, resource_type: str, supported: Mapping[str, Sequence[str]]) -> Resource:
    parameters = ctx.parameters.for_type(resource_type)
    references = [
        c
        for c, p in parameters.items()
        if p.type == "reference" and ctx.parameters.is_answered(resource_type, c)
    ]
    return {
        "type": resource_type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{resource_type}",
        **({"supportedProfile": supported[resource_type]} if resource_type in supported else {}),
        "interaction": [{"code": c} for c in _TYPE_INTERACTIONS if c in interactions],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
        "searchInclude": ["*", *(f"{resource_type}:{c}" for c in references)],
        "searchRevInclude": _reverse_includes(ctx, resource_type),
        "searchParam": _parameters(ctx, resource_type, common=False),
        **_operations(ctx, on_type(resource_type)),
    }


def _operations(ctx: Context, found: Sequence[Operation]) -> Resource:
    """https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.operation"""
    return (
        {"operation": [{"name": o.name, "definition": address(ctx, o.definition)} for o in found]}
        if found
        else {}
    )


def _parameters(ctx: Context, resource_type: str, *, common: bool) -> list[Resource]:
    return [
        {"name": c, "definition": p.url, "type": p.type, "documentation": p.description or c}
        for c, p in sorted(ctx.parameters.for_type(resource_type).items())
        if (not common or c.startswith("_")) and ctx.parameters.is_answered(resource_type, c)
    ]


def _reverse_includes(ctx: Context, resource_type: str) -> list[str]:
    return _referring(ctx, ctx.parameters)[resource_type]


@lru_cache(maxsize=4)
def _referring(ctx: Context, parameters: Parameters) -> dict[str, list[str]]:
    """The reference parameters of every type by the type that they may be to."""
    found: dict[str, list[str]] = {t: [] for t in ctx.definitions.resource_types}
    for source in ctx.definitions.resource_types:
        for code, parameter in parameters.for_type(source).items():
            if parameter.type == "reference" and parameters.is_answered(source, code):
                for target in parameter.targets or found:
                    found[target].append(f"{source}:{code}")
    return found
