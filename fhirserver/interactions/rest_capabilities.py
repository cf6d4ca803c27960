"""What the server does over REST, type by type: the main part of the CapabilityStatement.

https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, get_args

from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.operation import Level, Operation, on_system, on_type, operations
from fhirserver.interactions.rights import CHANGES, RECORD
from fhirserver.interactions.security_capabilities import security
from fhirserver.interactions.shipped import address
from fhirserver.model.heads import versioned
from fhirserver.model.resource import Resource
from fhirserver.notifications.subscription import BACKPORT
from fhirserver.notifications.topic import topics
from fhirserver.search.parameters import Parameters
from fhirserver.storage.conformance import profiles

ON_TYPE: Final = (
    "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create",
    "search-type",
)  # fmt: skip
ON_SYSTEM: Final = ("transaction", "batch", "search-system", "history-system")


_SHIPPED: Final = {"Subscription": (f"{BACKPORT}backport-subscription",)}
"""Profiles that the server itself goes by, wherever their definitions are."""


def topic_list() -> list[Resource]:
    """The topics that can be subscribed to.

    https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/components.html
    """
    url = f"{BACKPORT}capabilitystatement-subscriptiontopic-canonical"
    return [{"url": url, "valueCanonical": topic} for topic in topics()]


def rest(ctx: Context, description: str) -> Resource:
    """https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest"""
    supported = _supported(ctx)
    # Once for all types: each look at a definition asks whether it has changed.
    listed = {o: _operation(ctx, o) for o in dict.fromkeys(operations.values())}
    return {
        "mode": "server",
        "security": security(ctx.settings, description),
        "resource": [_resource(ctx, t, supported, listed) for t in ctx.definitions.resource_types],
        "interaction": [{"code": code} for code in ON_SYSTEM],
        **_operations(listed, on_system()),
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
            versioned(url, number if several else None) for number in numbers
        )
    return found


def _resource(
    ctx: Context,
    resource_type: str,
    supported: Mapping[str, Sequence[str]],
    listed: Mapping[Operation, Resource],
) -> Resource:
    parameters = ctx.parameters.for_type(resource_type)
    references = [
        c
        for c, p in parameters.items()
        if p.type == "reference" and ctx.parameters.is_answered(resource_type, c)
    ]
    known = [*supported.get(resource_type, ()), *_SHIPPED.get(resource_type, ())]
    return {
        **({"extension": topic_list()} if resource_type == "Subscription" else {}),
        "type": resource_type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{resource_type}",
        **({"supportedProfile": list(dict.fromkeys(known))} if known else {}),
        "interaction": [
            {"code": c}
            for c in ON_TYPE
            if c in interactions and not (resource_type == RECORD and c in CHANGES)
        ],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": resource_type != RECORD,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": resource_type != RECORD,
        "conditionalDelete": "not-supported" if resource_type == RECORD else "single",
        "referencePolicy": ["literal", "logical", *_enforced(ctx)],
        "searchInclude": ["*", *(f"{resource_type}:{c}" for c in references)],
        "searchRevInclude": ["*", *_referring(ctx, ctx.parameters)[resource_type]],
        "searchParam": _parameters(ctx, resource_type, common=False),
        **_operations(listed, on_type(resource_type)),
    }


def _enforced(ctx: Context) -> list[str]:
    """https://hl7.org/fhir/R4/valueset-reference-handling-policy.html"""
    return ["enforced"] if ctx.settings.check_references == "reject" else []


def _operations(listed: Mapping[Operation, Resource], found: Sequence[Operation]) -> Resource:
    """https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.operation"""
    return {"operation": [listed[o] for o in found]} if found else {}


def _operation(ctx: Context, made: Operation) -> Resource:
    """An operation, and where it can be called if its definition knows more places."""
    listed = {"name": made.name, "definition": address(ctx, made.definition)}
    definition = ctx.conformance.find("OperationDefinition", made.definition) or {}
    more = [level for level in get_args(Level) if definition.get(level)]
    if set(more) <= made.levels:
        return listed
    levels = " and ".join(level for level in more if level in made.levels)
    return {**listed, "documentation": f"At {levels} level only."}


# R4 calls them strings, though they are searched for as words.
_PUBLISHED_TYPE: Final = {"_content": "string", "_text": "string"}


def _parameters(ctx: Context, resource_type: str, *, common: bool) -> list[Resource]:
    return [
        {
            "name": c,
            **({"definition": p.url} if p.url else {}),
            "type": _PUBLISHED_TYPE.get(c, p.type),
            "documentation": p.description or c,
        }
        for c, p in sorted(ctx.parameters.for_type(resource_type).items())
        if (not common or c.startswith("_"))
        and ctx.parameters.is_answered(resource_type, c)
        # Nothing refers to a Parameters resource, for instance.
        and (c != "_has" or _referring(ctx, ctx.parameters)[resource_type])
    ]


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
