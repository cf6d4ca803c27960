"""The extensions by which a Questionnaire says where answers come from and go to.

http://hl7.org/fhir/uv/sdc/artifacts.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fhirserver.model.resource import Resource

_SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"


def extensions(element: Resource, name: str) -> Iterator[Resource]:
    """The extensions of a name such as `initialExpression`, also at their former addresses."""
    addresses = {f"{_SDC}{name}", f"{_CORE}questionnaire-{name}"}
    if name == "variable":
        addresses = {f"{_CORE}variable"}
    return (e for e in element.get("extension", ()) if e and e.get("url") in addresses)


def values(element: Resource, name: str) -> list[Any]:
    """The values of the extensions of that name."""
    return [v for e in extensions(element, name) if (v := value(e)) is not None]


def first(element: Resource, name: str) -> Any:
    """The value of the first extension of that name, or None."""
    return next(iter(values(element, name)), None)


def value(holder: Resource) -> Any:
    """The value[x] of an extension, an answer or an option."""
    return next((v for k, v in holder.items() if k.startswith("value")), None)


def part(extension: Resource, name: str) -> Any:
    """The value of a part of a complex extension, or None."""
    return next(
        (value(e) for e in extension.get("extension", ()) if e and e.get("url") == name), None
    )
