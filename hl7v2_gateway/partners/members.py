"""The extension that makes an Endpoint a sender or a receiver."""

from __future__ import annotations

from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.partners import Members

CONNECTION_TYPE: Final = "hl7v2-mllp"
_EXTENSIONS: Final = "https://fhirserver.example/StructureDefinition/"


def members(endpoint: Resource, kind: str) -> Members | None:
    """The extension of that kind, `sender` or `receiver`; None for who is none."""
    codes = endpoint.get("connectionType", {})
    if endpoint.get("resourceType") != "Endpoint" or codes.get("code") != CONNECTION_TYPE:
        return None
    for extension in endpoint.get("extension", ()):
        if extension.get("url") == f"{_EXTENSIONS}hl7v2-{kind}":
            return Members(extension)
    return None
