"""A FHIR NPM package: a gzipped tar file of definitions and examples, read in memory.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Container, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, cast

import msgspec

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource

# A package is content that somebody sends: what it unpacks to must stay within reason.
MAX_FILE_BYTES: Final = 64_000_000
MAX_PACKAGE_BYTES: Final = 1_000_000_000
MAX_FILES: Final = 200_000
# What a file's own header and its extensions take; a long path is a thousand bytes.
_MAX_HEADER_BYTES: Final = 1_000_000

_MANIFEST: Final = "package/package.json"

Source = Path | bytes
"""Where a package is: a file, or what a client sent."""


class _Head(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815 - FHIR's spelling


@dataclass(frozen=True, slots=True)
class File:
    """A file of a package: its path in it, such as `package/example/Patient-1.json`."""

    path: str
    content: bytes

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.path).parent)


def manifest(source: Source) -> dict[str, Any]:
    """The package's `package.json`: its name, version and dependencies."""
    for file in files(source):
        if file.path == _MANIFEST:
            found: dict[str, Any] | None = _decoded(file.content, dict[str, Any])
            if found is not None:
                return found
    raise Invalid(f"the package has no {_MANIFEST}")


def resources(source: Source, types: Container[str]) -> Iterator[Resource]:
    """The resources of these types that lie in the package's main folder, in its order."""
    for file in files(source):
        if PurePosixPath(file.folder).name != "package" or not file.path.endswith(".json"):
            continue
        head = _decoded(file.content, _Head)
        if head is not None and head.resourceType in types:
            resource = _decoded(file.content, dict[str, Any])
            if resource is not None:
                yield resource


def files(source: Source) -> Iterator[File]:
    """The files of a package in its order, none of which ever touches the disk.

    Raises Invalid for what is no package, for links and paths that lead out of it, and for more
    than is within reason.
    """
    with ExitStack() as stack:
        raw: BinaryIO = (
            io.BytesIO(source)
            if isinstance(source, bytes)
            else stack.enter_context(source.open("rb"))
        )
        try:
            yield from _members(_Metered(stack.enter_context(GzipFile(fileobj=raw))))
        except (tarfile.TarError, BadGzipFile, EOFError, zlib.error) as error:
            raise Invalid("the package is not a gzipped tar file, or not all of it") from error


def _members(content: _Metered) -> Iterator[File]:
    content.allow(_MAX_HEADER_BYTES)
    count = 0
    with tarfile.open(fileobj=cast("BinaryIO", content), mode="r|") as archive:
        for member in archive:
            count += 1
            # Otherwise each of them would be remembered to the end.
            archive.members.clear()  # type: ignore[attr-defined]
            if count > MAX_FILES:
                raise Invalid(f"the package has more than {MAX_FILES} files")
            path = _inside(member)
            if member.size > MAX_FILE_BYTES:
                raise Invalid(f"the package unpacks to more than is allowed: {path}")
            content.allow(member.size + _MAX_HEADER_BYTES)
            if member.isfile():
                opened = archive.extractfile(member)
                assert opened is not None
                read = opened.read()
                if len(read) != member.size:
                    raise Invalid("the package is cut off in the middle")
                yield File(path, read)
    # To the end, so that the checksum shows whether it is whole.
    content.allow(_MAX_HEADER_BYTES)
    while content.read(65_536):
        pass


def _inside(member: tarfile.TarInfo) -> str:
    """The path of a member, if it is an ordinary one inside of the package."""
    path = PurePosixPath(member.name)
    shown = member.name[:100]
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or "\0" in member.name:
        raise Invalid(f"the package names a file outside of itself: {shown!r}")
    if not (member.isfile() or member.isdir()):
        raise Invalid(f"the package holds something that is no file: {shown!r}")
    return str(path)


class _Metered(io.RawIOBase):
    """Unpacked bytes, of which no more can be read than has been allowed."""

    def __init__(self, source: GzipFile) -> None:
        super().__init__()
        self._source = source
        self._allowed = 0
        self._left = MAX_PACKAGE_BYTES

    def allow(self, size: int) -> None:
        """Allow so many bytes from here on."""
        self._allowed = size

    def read(self, size: int = -1, /) -> bytes:
        read = self._source.read(size)
        self._allowed -= len(read)
        self._left -= len(read)
        if self._allowed < 0 or self._left < 0:
            raise Invalid("the package unpacks to more than is allowed")
        return read


def _decoded(content: bytes, type_: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=type_)
    except (msgspec.DecodeError, RecursionError):
        return None
