"""FHIR capabilities: what this server does, generated from what is registered.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.rest_capabilities import rest
from fhirserver.interactions.subsets import subset, wanted_subset
from fhirserver.interactions.terminology_capabilities import (
    INSTANTIATES,
    features,
    terminology_capabilities,
)
from fhirserver.model import json
from fhirserver.model.conformance import built
from fhirserver.model.heads import versioned
from fhirserver.model.requirements import is_for_servers, unmet
from fhirserver.model.resource import Resource
from fhirserver.search.parameters import Parameters
from fhirserver.storage.conformance import guides, last_change, requirements
from fhirserver.storage.content import instant

_BULK_DATA: Final = "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"
_DESCRIPTION: Final = "A FHIR R4 server for hospitals."
_SECURITY: Final = (
    "Everything but this statement and the OpenAPI document needs a bearer token (RFC 6750) in the "
    "Authorization header. Apps get one by SMART App Launch, systems by SMART Backend Services; "
    "scopes are SMART's, of both versions: `patient/*.rs`, `user/Patient.read`, `system/*.cruds`."
)


@interactions.register("capabilities")
def capabilities(ctx: Context, request: FhirRequest) -> FhirResponse:
    mode = request.first("mode") or "full"
    if mode not in {"full", "normative", "terminology"}:
        raise Invalid("mode must be full, normative or terminology")
    generation = ctx.conformance.generation
    if mode == "terminology":
        statement, tag = _terminology(ctx, generation)
    else:
        statement, tag = _statement(ctx, generation, ctx.parameters)
    if request.if_none_match is not None and tag in request.if_none_match:
        return FhirResponse(304, headers={"ETag": tag})
    wanted = wanted_subset(request.query)
    headers = {"ETag": tag}
    if wanted is None:
        return FhirResponse(200, statement, headers=headers, is_lasting=True)
    return FhirResponse(200, subset(statement.decode(), wanted, ctx.definitions), headers=headers)


@lru_cache(maxsize=4)
def _statement(ctx: Context, generation: str, parameters: Parameters) -> tuple[bytes, str]:
    """The statement and its ETag, as definitions and search parameters are at one time."""
    return _dated(ctx, _made(ctx))


@lru_cache(maxsize=2)
def _terminology(ctx: Context, generation: str) -> tuple[bytes, str]:
    return _dated(ctx, terminology_capabilities(ctx))


def _dated(ctx: Context, made: Resource) -> tuple[bytes, str]:
    """The text and the ETag, which is the same on every host that would say the same.

    The date is that of the last change to what it is made of: when the definitions were built or
    installed, or a definition was stored or deleted. The software is as old as its build: HL7's
    terminology tests look for that.
    """
    tag = f'W/"{sha256(json.dump(made)).hexdigest()[:32]}"'
    changed = last_change(ctx.store.database)
    date = max(built(), changed) if changed is not None else built()
    software = {**made["software"], "releaseDate": built().date().isoformat()}
    return json.dump({**made, "date": instant(date), "software": software}), tag


def _made(ctx: Context) -> Resource:
    guided = [versioned(url, number) for url, number in guides(ctx.store.database)]
    made: Resource = {
        "resourceType": "CapabilityStatement",
        "extension": features(),
        "url": f"{ctx.settings.fhir_base}/metadata",
        "version": version("fhirserver"),
        "name": "Fhirserver",
        "title": "fhirserver, a FHIR R4 interoperability server",
        "status": "active",
        "date": "",
        "description": _DESCRIPTION,
        "kind": "instance",
        "instantiates": [INSTANTIATES, _BULK_DATA],
        "software": {"name": "fhirserver", "version": version("fhirserver")},
        "implementation": {"description": _DESCRIPTION, "url": ctx.settings.fhir_base},
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
        "rest": [rest(ctx, _SECURITY)],
    }
    made["instantiates"] += _fulfilled(ctx, made)
    return made


def _fulfilled(ctx: Context, ours: Resource) -> list[str]:
    """The requirements of stored guides that this server meets, each by its canonical address."""
    met = [
        (r["url"], r.get("version"))
        for r in requirements(ctx.store.database)
        if "url" in r and is_for_servers(r) and not unmet(r, ours)
    ]
    urls = [url for url, _ in met]
    return [versioned(url, number if urls.count(url) > 1 else None) for url, number in met]
