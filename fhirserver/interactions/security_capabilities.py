"""How one gets in: the security part of the CapabilityStatement.

https://hl7.org/fhir/smart-app-launch/conformance.html, and for clients of SMART's first version
http://hl7.org/fhir/smart-app-launch/1.0.0/conformance/index.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.settings import Settings

_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SERVICES: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def security(settings: Settings, description: str) -> Resource:
    """The addresses of the authorization server that the extension has parts for.

    All of them are in .well-known/smart-configuration.
    """
    root = settings.fhir_base.rpartition("/")[0]
    addresses = {
        "authorize": f"{root}/oauth/authorize",
        "token": f"{root}/oauth/token",
        "manage": f"{root}/account",
    }
    if settings.client_registration != "off":
        addresses["register"] = f"{root}/oauth/register"
    return {
        "extension": [
            {
                "url": _OAUTH_URIS,
                "extension": [{"url": u, "valueUri": a} for u, a in addresses.items()],
            }
        ],
        "cors": bool(settings.cors_origins.strip()),
        "service": [
            {
                "coding": [
                    {
                        "system": _SERVICES,
                        "code": "SMART-on-FHIR",
                        "display": "SMART-on-FHIR",
                    }
                ]
            }
        ],
        "description": description,
    }
