"""TerminologyCapabilities: what this server does as a terminology server.

https://hl7.org/fhir/R4/terminologycapabilities.html
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from fhirserver.interactions.context import Context
from fhirserver.interactions.operation import operations
from fhirserver.model.resource import Resource

INSTANTIATES: Final = "http://hl7.org/fhir/CapabilityStatement/terminology-server"
_FEATURE: Final = "http://hl7.org/fhir/uv/application-feature/StructureDefinition/feature"
# The version of HL7's terminology server tests that `conformance/terminology` runs.
_TESTS: Final = "1.9.0"


def terminology_capabilities(ctx: Context) -> Resource:
    """The resource, but for its date."""
    return {
        "resourceType": "TerminologyCapabilities",
        "url": f"{ctx.settings.fhir_base}/metadata?mode=terminology",
        "version": version("fhirserver"),
        "name": "FhirserverTerminology",
        "title": "fhirserver as a terminology server",
        "status": "active",
        "date": "",
        "kind": "instance",
        "software": {"name": "fhirserver", "version": version("fhirserver")},
        "implementation": {
            "description": "A FHIR R4 server for hospitals.",
            "url": ctx.settings.fhir_base,
        },
        "codeSystem": [
            _code_system(url, versions)
            for url, versions in ctx.conformance.all_versions("CodeSystem").items()
        ],
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


def _code_system(url: str, versions: Sequence[str]) -> Resource:
    known = [{"code": v} for v in versions if v]
    return {"uri": url, "version": known} if known else {"uri": url}


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
