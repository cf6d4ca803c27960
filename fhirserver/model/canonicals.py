"""Canonical addresses: how conformance resources are named, and which version is the newest.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fhirserver.model.resource import Resource

# Everything that has a canonical address and tells a server or a client what to do.
TYPES: Final = (
    "StructureDefinition",
    "ValueSet",
    "CodeSystem",
    "ConceptMap",
    "SearchParameter",
    "OperationDefinition",
    "CompartmentDefinition",
    "NamingSystem",
    "CapabilityStatement",
    "StructureMap",
    "GraphDefinition",
    "MessageDefinition",
    "ImplementationGuide",
    "Questionnaire",
)

_PARTS: Final = re.compile(r"(\d+)|([A-Za-z]+)")


def split(canonical: str) -> tuple[str, str | None]:
    """The address and the version of a canonical.

    >>> split("http://acme.org/ValueSet/a|1.0")
    ('http://acme.org/ValueSet/a', '1.0')
    """
    url, bar, version = canonical.partition("|")
    return url, version if bar and version else None


def addresses(resource: Resource) -> tuple[str, ...]:
    """What a resource is found by: its url, or a NamingSystem's unique identifiers."""
    if resource.get("resourceType") == "NamingSystem":
        return tuple(u["value"] for u in resource.get("uniqueId", ()) if u.get("value"))
    url = resource.get("url")
    return (url,) if isinstance(url, str) else ()


def age(version: str | None) -> tuple[tuple[int, int, str], ...]:
    """A key that orders versions from the oldest to the newest, whatever their scheme.

    >>> sorted(["2.0.0", "10.1", None, "2.0.0-ballot", "2.0.1"], key=age)
    [None, '2.0.0-ballot', '2.0.0', '2.0.1', '10.1']
    """
    if version is None:
        return ()
    parts: Iterable[tuple[str, str]] = _PARTS.findall(version)
    # The end of a version comes after a word (a release after its ballot), before a number.
    return (
        *((2, int(number), "") if number else (0, 0, word.lower()) for number, word in parts),
        (1, 0, ""),
    )


def newest(versions: Iterable[str | None], wanted: str | None) -> str | None:
    """Which of some versions a canonical means: the wanted one, else the newest.

    KeyError when there is no such version.
    """
    known = list(versions)
    if wanted is not None:
        if wanted in known:
            return wanted
        raise KeyError(wanted)
    if not known:
        raise KeyError
    return max(known, key=age)
