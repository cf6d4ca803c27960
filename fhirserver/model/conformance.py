"""Conformance resources by their canonical address: what the specification and a site define.

    shipped().find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bp")
    shipped().find("ValueSet", "http://hl7.org/fhir/ValueSet/event-status|4.0.1")

What is found is read from the disk when it is asked for, and a few megabytes of it are kept. It
is shared: never change it.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from fhirserver import content
from fhirserver.model import canonicals, json
from fhirserver.model.definitions import DefinitionsMissing
from fhirserver.model.kept import Kept
from fhirserver.model.resource import Resource
from fhirserver.model.resource_file import ResourceFile

FILE: Final = Path(__file__).with_name("r4_resources.bin")

# Parsed, a resource takes about six times the space of its text.
KEPT_BYTES: Final = 4_000_000


class Conformance(Protocol):
    """Where validation, terminology, search and operations look definitions up."""

    def find(self, resource_type: str, canonical: str) -> Resource | None:
        """The resource with this address: `url|version`, or `url` for the newest version."""
        ...

    def urls(self, resource_type: str) -> Iterable[str]:
        """The addresses of all resources of a type, without versions."""
        ...


class Versioned(Conformance, Protocol):
    """One that knows the versions there are."""

    def versions(self, resource_type: str, url: str) -> Sequence[str]:
        """The versions of one url; an empty text for a resource without version."""
        ...


class Texts(Protocol):
    """The same, before the text of what is found has been parsed."""

    def find(self, resource_type: str, canonical: str) -> bytes | None: ...

    def urls(self, resource_type: str) -> Iterable[str]: ...

    def versions(self, resource_type: str, url: str) -> Iterable[str]: ...


class Parsed:
    """The resources of some sources, the first that has one wins; the last used ones are kept."""

    def __init__(
        self, sources: Callable[[], Sequence[Texts]], *, kept_bytes: int = KEPT_BYTES
    ) -> None:
        self._open = functools.cache(sources)
        self._kept = Kept[Resource](kept_bytes)

    def find(self, resource_type: str, canonical: str) -> Resource | None:
        kept = self._kept.get((resource_type, canonical))
        if kept is not None:
            return kept[0]
        for source in self._open():
            text = source.find(resource_type, canonical)
            if text is not None:
                found = json.parse_object(text)
                self._kept.put((resource_type, canonical), found, len(text))
                return found
        return None

    def urls(self, resource_type: str) -> Iterable[str]:
        return dict.fromkeys(url for s in self._open() for url in s.urls(resource_type))

    def versions(self, resource_type: str, url: str) -> Sequence[str]:
        found = (v for s in self._open() for v in s.versions(resource_type, url))
        return tuple(dict.fromkeys(found))


class Folder:
    """The JSON files below a folder of reviewed content, one resource in each.

    A Bundle has many that were compiled from a table. What holds something else, such as access
    policies, is passed over.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, dict[str, dict[str | None, tuple[Path, int | None]]]] = {}
        for file in sorted(folder.rglob("*.json")):
            text = file.read_bytes()
            head = msgspec.json.decode(text, type=_Head)
            if head.resourceType == "Bundle":
                for number, one in enumerate(msgspec.json.decode(text, type=_Heads).entry):
                    self._add(one.resource, file, number)
            elif head.resourceType:
                self._add(head, file, None)

    def _add(self, head: _Head, file: Path, number: int | None) -> None:
        by_url = self._files.setdefault(head.resourceType, {})
        for url in canonicals.addresses(msgspec.to_builtins(head)):
            by_url.setdefault(url, {})[head.version] = file, number

    def find(self, resource_type: str, canonical: str) -> bytes | None:
        url, wanted = canonicals.split(canonical)
        files = self._files.get(resource_type, {}).get(url, {})
        try:
            file, number = files[canonicals.newest(files, wanted)]
        except KeyError:
            return None
        return file.read_bytes() if number is None else _entries(file)[number]

    def urls(self, resource_type: str) -> Iterable[str]:
        return self._files.get(resource_type, {}).keys()

    def versions(self, resource_type: str, url: str) -> Iterable[str]:
        return [v or "" for v in self._files.get(resource_type, {}).get(url, ())]


class _UniqueId(msgspec.Struct):
    value: str = ""


class _Head(msgspec.Struct):
    resourceType: str = ""  # noqa: N815 - FHIR's spelling
    url: str | None = None
    version: str | None = None
    uniqueId: tuple[_UniqueId, ...] = ()  # noqa: N815 - FHIR's spelling


@functools.lru_cache(maxsize=2)
def _entries(file: Path) -> Sequence[bytes]:
    """The resources of a Bundle of reviewed content."""
    entries = msgspec.json.decode(file.read_bytes(), type=_EntryTexts).entry
    return [bytes(one.resource) for one in entries]


class _HeadEntry(msgspec.Struct):
    resource: _Head


class _Heads(msgspec.Struct):
    entry: list[_HeadEntry]


class _TextEntry(msgspec.Struct):
    resource: msgspec.Raw


class _EntryTexts(msgspec.Struct):
    entry: list[_TextEntry]


@functools.cache
def built() -> datetime:
    """When what comes with the server was built, or installed here."""
    try:
        return datetime.fromtimestamp(FILE.stat().st_mtime, UTC)
    except OSError as error:
        raise DefinitionsMissing from error


@functools.cache
def shipped() -> Versioned:
    """What comes with the server: its own `profiles/` and `terminology/`, then HL7's R4 package.

    Nothing is read before the first question; DefinitionsMissing when the file was not built.
    """
    return Parsed(shipped_sources)


@functools.cache
def shipped_sources() -> Sequence[Texts]:
    """The same as texts, source by source; DefinitionsMissing when the file was not built."""
    try:
        package = ResourceFile(FILE)
    except (OSError, ValueError) as error:
        raise DefinitionsMissing from error
    return Folder(content.folder("profiles")), Folder(content.folder("terminology")), package
