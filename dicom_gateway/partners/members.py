"""The extension that makes an Endpoint a peer, and its AE title. Raises Invalid for a bad one."""

from __future__ import annotations

import re
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource
from fhirserver.partners import Members

EXTENSION: Final = "https://fhirserver.example/StructureDefinition/dicom-peer"
# PS3.5 table 6.2-1, AE: no backslash and no control characters, not only spaces.
_AE_TITLE: Final = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")


def members(endpoint: Resource) -> Members | None:
    """The extension of a peer; None for who is none."""
    for extension in endpoint.get("extension", ()):
        if extension.get("url") == EXTENSION:
            return Members(extension)
    return None


def ae_title(written: str) -> str:
    """An AE title without the spaces around it, checked."""
    found = written.strip(" ")
    if not _AE_TITLE.fullmatch(found):
        raise Invalid("ae-title is not a title of 1 to 16 signs without a backslash")
    return found
