"""Code systems and value sets that are deprecated, withdrawn, experimental or still drafts.

https://hl7.org/fhir/R4/extension-structuredefinition-standards-status.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fhirserver.model.resource import Resource

_STATUS: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to say of a resource that is not simply in use."""

    word: str
    kind: str
    canonical: str


def standings(used: Iterable[Resource], source: Resource | None) -> Iterator[Standing]:
    """Of the resources that an answer rests on, those to be told; `source` is what was asked.

    What is itself experimental or a draft may rest on others that are.
    """
    for resource in used:
        word = _word(resource, source or {})
        if word is not None:
            version = resource.get("version")
            url = str(resource.get("url", ""))
            yield Standing(word, resource["resourceType"], f"{url}|{version}" if version else url)


def _word(resource: Resource, source: Resource) -> str | None:
    status = _standards_status(resource)
    if status in {"deprecated", "withdrawn"}:
        return status
    if resource.get("experimental") and not source.get("experimental"):
        return "experimental"
    if _is_draft(resource) and not _is_draft(source):
        return "draft"
    return None


def _is_draft(resource: Resource) -> bool:
    return resource.get("status") == "draft" or _standards_status(resource) == "draft"


def _standards_status(resource: Resource) -> str | None:
    extensions: Iterable[Resource] = resource.get("extension", ())
    return next((e.get("valueCode") for e in extensions if e.get("url") == _STATUS), None)
