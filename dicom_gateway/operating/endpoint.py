"""Where studies can be had: one Endpoint for all, the base of DICOMweb.

SMART Imaging Access asks that it says whether the token is needed: it is, on every request.
https://hl7.org/fhir/R4/endpoint.html; argonautproject/smart-imaging, requires-access-token
"""

from __future__ import annotations

from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.settings import Settings

ID: Final = "dicom-web"
REFERENCE: Final[Resource] = {"reference": f"Endpoint/{ID}"}
NEEDS_TOKEN: Final = (
    "http://fhir.org/argonaut/smart-imaging/StructureDefinition/requires-access-token"  # noqa: S105
)
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"


def address(settings: Settings) -> str:
    """The base URL of DICOMweb, beside that of FHIR."""
    return settings.fhir_base.removesuffix("/fhir") + "/dicom-web"


def endpoint(settings: Settings) -> Resource:
    """The Endpoint of WADO-RS."""
    return {
        "resourceType": "Endpoint",
        "id": ID,
        "extension": [{"url": NEEDS_TOKEN, "valueBoolean": True}],
        "status": "active",
        "connectionType": {"system": _TYPES, "code": "dicom-wado-rs"},
        "name": "DICOMweb",
        "payloadType": [{"text": "DICOM"}],
        "payloadMimeType": [
            "application/dicom", "application/dicom+json", "application/octet-stream",
            "image/jpeg", "image/png",
        ],
        "address": address(settings),
    }  # fmt: skip
