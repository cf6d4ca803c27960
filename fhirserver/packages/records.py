"""Which packages are installed: the ImplementationGuides that carry a package's tag.

Everything that a package brings has the tag `NAME#VERSION`; its ImplementationGuide is the record
of the package itself. Where a package has none of its own, one is written for it.

https://hl7.org/fhir/R4/implementationguide.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.packages.contents import Package
from fhirserver.search.hashing import element
from fhirserver.search.query import AnyElement
from fhirserver.storage.searches import by_reference, matches
from fhirserver.storage.store import Store

TAG_SYSTEM: Final = "https://fhirserver.example/CodeSystem/package"
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Record:
    """An installed package, and the guide that records it."""

    name: str
    version: str
    title: str
    guide: str
    """Its id."""
    installed: datetime


def records(store: Store) -> list[Record]:
    """The installed packages, by name and version."""
    condition = AnyElement((element("_tag", f"y|{TAG_SYSTEM}"),))
    ids = matches(store, "ImplementationGuide", condition, limit=_MOST)
    guides = by_reference(store, [("ImplementationGuide", i) for i in ids], limit=_MOST)
    found = []
    for version in guides:
        guide = json.parse_object((version.content or "{}").encode())
        name = guide.get("packageId", "")
        title = guide.get("title") or guide.get("name", "")
        of_package = tag(name, guide.get("version"))
        if of_package in guide.get("meta", {}).get("tag", ()):
            number = str(guide.get("version"))
            found.append(Record(name, number, title, version.id, version.updated))
    return sorted(found, key=lambda r: (r.name, r.version))


def tag(name: str, version: str | None) -> Resource:
    """What marks the resources of a package."""
    return {"system": TAG_SYSTEM, "code": f"{name}#{version}"}


def is_record(resource: Resource, package: Package) -> bool:
    """Whether a resource of a package is the guide that stands for the package."""
    return (
        resource["resourceType"] == "ImplementationGuide"
        and resource.get("packageId") == package.name
        and resource.get("version") == package.version
    )


def record_of(package: Package) -> Resource:
    """A guide for a package that has none."""
    base = (package.canonical or f"http://fhir.org/packages/{package.name}").rstrip("/")
    guide: Resource = {
        "resourceType": "ImplementationGuide",
        "id": package.name,
        "url": f"{base}/ImplementationGuide/{package.name}",
        "version": package.version,
        "name": re.sub(r"[^A-Za-z0-9]+", "_", package.name.title()).strip("_"),
        "title": package.name,
        "status": "active",
        "packageId": package.name,
        "fhirVersion": ["4.0.1"],
    }
    needed = [
        {
            "uri": f"http://fhir.org/packages/{name}/ImplementationGuide/{name}",
            "packageId": name,
            "version": wanted,
        }
        for name, wanted in package.dependencies.items()
        if wanted
    ]
    return {**guide, "dependsOn": needed} if needed else guide
