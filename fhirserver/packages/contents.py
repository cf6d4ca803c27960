"""What a package says of itself, and the resources in it.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid
from fhirserver.model import canonicals, definitions, json, package
from fhirserver.model.resource import Resource

FHIR_VERSIONS: Final = re.compile(r"4\.0(\.\d+)?")
# All that is kept of a package at once; parsed it takes about six times the space.
MAX_RESOURCE_BYTES: Final = 200_000_000

_NAME: Final = re.compile(r"[a-z0-9@/_.\-]{1,200}", re.IGNORECASE)
_VERSION: Final = re.compile(r"[A-Za-z0-9.\-+_]{1,64}")
_MAIN: Final = "package"
_EXAMPLES: Final = frozenset({"package/example", "package/examples"})


@dataclass(frozen=True, slots=True)
class Package:
    """A package that has been read.

    `definitions` are those with a canonical address (and NamingSystems), each once; `examples`
    are all other resources, and those in the folder of examples.
    """

    name: str
    version: str
    canonical: str | None
    dependencies: Mapping[str, str]
    definitions: tuple[Resource, ...]
    examples: tuple[Resource, ...]

    @property
    def label(self) -> str:
        """`hl7.fhir.us.core#6.1.0`."""
        return f"{self.name}#{self.version}"


def read(
    source: package.Source, *, examples: bool = False, most_bytes: int = MAX_RESOURCE_BYTES
) -> Package:
    """Read a package; raises Invalid, naming the file, for what is wrong in it.

    `most_bytes` is how much JSON its resources may be.
    """
    manifest: dict[str, Any] | None = None
    found: dict[tuple[str, str, str | None], Resource] = {}
    others: dict[tuple[str, str], Resource] = {}
    left = most_bytes
    for file in package.files(source):
        if file.path == "package/package.json":
            manifest = _object(file)
        is_example = file.folder in _EXAMPLES
        if not file.path.endswith(".json") or not (file.folder == _MAIN or is_example):
            continue
        if is_example and not examples:
            continue
        resource = _object(file)
        if not isinstance(resource.get("resourceType"), str):
            continue  # An index, the manifest, or a tool's own file.
        left -= len(file.content)
        if left < 0:
            raise Invalid(
                "the package holds more resources than can be installed at once: "
                f"more than {most_bytes // 1_000_000} MB of JSON"
            )
        if is_definition(resource) and not is_example:
            key = _key(resource)
            if found.setdefault(key, resource) != resource:
                raise Invalid(f"{file.path} defines {key[1]} another way than a file before it")
        elif examples:
            others[resource["resourceType"], str(resource.get("id"))] = resource
    return _described(source, manifest, tuple(found.values()), tuple(others.values()))


def _described(
    source: package.Source,
    manifest: dict[str, Any] | None,
    found: tuple[Resource, ...],
    others: tuple[Resource, ...],
) -> Package:
    where = source.name if isinstance(source, Path) else "the package"
    if manifest is None:
        raise Invalid(f"{where} has no package/package.json: it is no FHIR package")
    name, version = manifest.get("name"), manifest.get("version")
    dependencies = manifest.get("dependencies") or {}
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise Invalid(f"{where}: package.json has no proper name")
    if not (isinstance(version, str) and _VERSION.fullmatch(version)):
        raise Invalid(f"{where}: package.json has no proper version")
    if not isinstance(dependencies, dict) or not all(
        isinstance(v, str) for v in dependencies.values()
    ):
        raise Invalid(f"{where}: the dependencies in package.json are not names with versions")
    _require_r4(f"{name}#{version}", manifest)
    canonical = manifest.get("canonical")
    return Package(
        name,
        version,
        canonical if isinstance(canonical, str) else None,
        dict(dependencies),
        found,
        others,
    )


def _require_r4(label: str, manifest: Mapping[str, Any]) -> None:
    stated = manifest.get("fhirVersions", manifest.get("fhir-version-list"))
    if not isinstance(stated, list) or not stated:
        return
    if not any(FHIR_VERSIONS.fullmatch(str(v)) for v in stated):
        versions = ", ".join(str(v)[:20] for v in stated[:5])
        raise Invalid(f"{label} is for FHIR {versions}; this server speaks 4.0.1")


def is_definition(resource: Resource) -> bool:
    """Whether a resource has a canonical address, and is of a type whose resources have one."""
    resource_type = resource["resourceType"]
    known = definitions.load()
    if not known.is_resource(resource_type):
        return False
    if resource_type == "NamingSystem":
        return True
    url = known.property(resource_type, "url")
    return url is not None and url.type_code == "uri" and bool(canonicals.addresses(resource))


def _key(resource: Resource) -> tuple[str, str, str | None]:
    url = next(iter(canonicals.addresses(resource)), str(resource.get("id")))
    return resource["resourceType"], url, resource.get("version")


def _object(file: package.File) -> dict[str, Any]:
    try:
        return json.parse_object(file.content)
    except FhirError as error:
        raise Invalid(f"{file.path}: {error}") from error
