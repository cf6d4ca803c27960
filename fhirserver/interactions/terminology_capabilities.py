"""TerminologyCapabilities: what this server does as a terminology server.

https://hl7.org/fhir/R4/terminologycapabilities.html
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import Final

from fhirserver.interactions.context import Context
from fhirserver.interactions.operation import operations
from fhirserver.model import json
from fhirserver.model.resource import Resource

INSTANTIATES: Final = "http://hl7.org/fhir/CapabilityStatement/terminology-server"
_FEATURE: Final = "http://hl7.org/fhir/uv/application-feature/StructureDefinition/feature"
# The version of HL7's terminology server tests that `conformance/terminology` runs.
_TESTS: Final = "1.9.0"


def terminology_capabilities(ctx: Context, date: str) -> bytes:
    """The resource as text."""
    return _written(ctx, ctx.conformance.generation, date)


@lru_cache(maxsize=2)
def _written(ctx: Context, generation: str, date: str) -> bytes:
    return json.dump(
        {
            "resourceType": "TerminologyCapabilities",
            "url": f"{ctx.settings.fhir_base}/metadata?mode=terminology",
            "version": version("fhirserver"),
            "name": "FhirserverTerminology",
            "title": "fhirserver as a terminology server",
            "status": "active",
            "date": date,
            "kind": "instance",
            "software": {"name": "fhirserver", "version": version("fhirserver")},
            "implementation": {
                "description": "fhirserver, a FHIR R4 interoperability server",
                "url": ctx.settings.fhir_base,
            },
            "codeSystem": [_code_system(ctx, u) for u in ctx.conformance.urls("CodeSystem")],
            "expansion": {
                "hierarchical": True,
                "paging": True,
                "incomplete": False,
                "parameter": [{"name": n} for n in sorted(_parameters())],
                "textFilter": "Every word must begin a word of a name of the code, or the code.",
            },
            "codeSearch": "all",
            "validateCode": {"translations": True},
            "translation": {"needsMap": False},
            "closure": {"translation": False},
        }
    )


def _code_system(ctx: Context, url: str) -> Resource:
    versions = [v for v in ctx.conformance.versions("CodeSystem", url) if v]
    return {"uri": url, "version": [{"code": v} for v in versions]} if versions else {"uri": url}


def _parameters() -> set[str]:
    expand = operations["ValueSet/$expand"]
    return {p.name for p in expand.parameters}


def features() -> list[Resource]:
    """What HL7's tools look for in the CapabilityStatement of a terminology server."""
    tests = ("http://hl7.org/fhir/uv/tx-tests/FeatureDefinition/test-version", "Code", _TESTS)
    sent = (
        "http://hl7.org/fhir/uv/tx-ecosystem/FeatureDefinition/CodeSystemAsParameter",
        "Boolean",
        True,
    )
    return [
        {
            "url": _FEATURE,
            "extension": [
                {"url": "definition", "valueCanonical": definition},
                {"url": "value", f"value{type_name}": given},
            ],
        }
        for definition, type_name, given in (tests, sent)
    ]
