"""HL7's R4 examples, each resource once: https://hl7.org/fhir/R4/examples.html."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "r4-examples"
ARCHIVES: Final = ("r4-examples-instances.tar.xz", "r4-examples-json-xml-officialnames.tar.xz")

# HL7's own examples that break the rules of R4, and why.
INVALID: Final = {
    "ImplementationGuide-fhir.json": "has no name and no status",
    "ig-r4.json": "has no name and no status",
    "Questionnaire-qs1.json": "has items without a linkId",
    "json/questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": (
        "has an id of 67 characters"
    ),
}

Resource = dict[str, Any]


class Digits(str):
    """A decimal as it is written: 1.10 and 1.1 differ."""

    __slots__ = ()


def examples() -> Iterator[tuple[str, str, Resource]]:
    """File name, JSON text and resource; of those with the same type and id only the first."""
    seen: set[tuple[str, str]] = set()
    for archive in ARCHIVES:
        with tarfile.open(FOLDER / archive) as files:
            for member in files:
                content = files.extractfile(member) if member.name.endswith(".json") else None
                if content is None or member.name in INVALID:
                    continue
                text = content.read().decode("utf-8-sig")
                resource = parsed(text)
                key = (resource.get("resourceType", ""), resource.get("id", ""))
                if all(key) and key not in seen:
                    seen.add(key)
                    yield member.name, text, resource


def parsed(text: str | bytes) -> Resource:
    """JSON with each decimal's digits as text."""
    resource: Resource = json.loads(text, parse_float=Digits)
    return resource
