"""A FHIR NPM package: a gzipped tar file of definitions and examples, read in memory.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource

# A package is content that somebody sends: what it unpacks to must stay within reason.
MAX_FILE_BYTES: Final = 64_000_000
MAX_PACKAGE_BYTES: Final = 1_000_000_000

_MANIFEST: Final = "package/package.json"


class _Head(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815 - FHIR's spelling


def manifest(file: Path) -> dict[str, Any]:
    """The package's `package.json`: its name, version and dependencies."""
    for name, content in _files(file):
        if name == _MANIFEST:
            found: dict[str, Any] | None = _decoded(content, dict[str, Any])
            if found is not None:
                return found
    raise Invalid(f"the package has no {_MANIFEST}")


def resources(file: Path, types: Container[str]) -> Iterator[Resource]:
    """The resources of these types that lie in the package's main folder, in its order."""
    for name, content in _files(file):
        if PurePosixPath(name).parent.name != "package" or not name.endswith(".json"):
            continue
        head = _decoded(content, _Head)
        if head is not None and head.resourceType in types:
            resource = _decoded(content, dict[str, Any])
            if resource is not None:
                yield resource


def _files(file: Path) -> Iterator[tuple[str, bytes]]:
    left = MAX_PACKAGE_BYTES
    try:
        with tarfile.open(file, "r|gz") as archive:
            for member in archive:
                left -= member.size
                if member.size > MAX_FILE_BYTES or left < 0:
                    raise Invalid("the package unpacks to more than is allowed")
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield member.name, content.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise Invalid("the package is not a gzipped tar file") from error


def _decoded(content: bytes, type_: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=type_)
    except (msgspec.DecodeError, RecursionError):
        return None
