"""Many resources in one compressed file, each read by its canonical address when it is asked for.

The resources of a type look alike, so each is compressed on its own with a dictionary of its type:
any one of them costs a fraction of a millisecond, and none costs memory until somebody asks.
"""

from __future__ import annotations

import mmap
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw, Struct

from fhirserver.model import canonicals, json
from fhirserver.model.resource import Resource

# The version of a resource -> where its compressed text begins and ends.
_Places = dict[str | None, tuple[int, int]]

_OFFSET_BYTES: Final = 8
_DICTIONARY_BYTES: Final = 32_768


class _Section(Struct, frozen=True, array_like=True):
    """The resources of one type."""

    dictionary: bytes
    places: dict[str, _Places]


class _Index(Struct, frozen=True, array_like=True):
    fingerprint: str
    sections: dict[str, Raw]


class ResourceFile:
    """The file, open for reading; threads may share it."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._bytes = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        start = int.from_bytes(self._bytes[-_OFFSET_BYTES:], "big")
        index = zlib.decompress(self._bytes[start:-_OFFSET_BYTES])
        self._index = msgspec.msgpack.decode(index, type=_Index)
        self._sections: dict[str, _Section] = {}

    @property
    def fingerprint(self) -> str:
        """What the file was made from."""
        return self._index.fingerprint

    def find(self, resource_type: str, canonical: str) -> bytes | None:
        """The JSON text of a resource; None when the file has no such one."""
        section = self._section(resource_type)
        url, wanted = canonicals.split(canonical)
        places = section.places.get(url)
        if places is None:
            return None
        try:
            start, end = places[canonicals.newest(places, wanted)]
        except KeyError:
            return None
        return zlib.decompressobj(zdict=section.dictionary).decompress(self._bytes[start:end])

    def urls(self, resource_type: str) -> Iterable[str]:
        """The addresses of the resources of a type."""
        return self._section(resource_type).places.keys()

    def versions(self, resource_type: str, url: str) -> Iterable[str]:
        """The versions of one address; an empty text for a resource without version."""
        return [v or "" for v in self._section(resource_type).places.get(url, ())]

    def _section(self, resource_type: str) -> _Section:
        found = self._sections.get(resource_type)
        if found is None:
            raw = self._index.sections.get(resource_type)
            found = _EMPTY if raw is None else msgspec.msgpack.decode(raw, type=_Section)
            self._sections[resource_type] = found
        return found


_EMPTY: Final = _Section(b"", {})


def write(resources: Iterable[Resource], file: Path, *, fingerprint: str) -> int:
    """Write such a file, whole or not at all; returns how many resources it holds."""
    by_type: dict[str, list[tuple[Resource, bytes]]] = defaultdict(list)
    for resource in resources:
        by_type[resource["resourceType"]].append((resource, json.dump(resource)))
    unfinished = file.with_suffix(".unfinished")
    sections: dict[str, Raw] = {}
    count = 0
    with unfinished.open("wb") as output:
        for resource_type, group in by_type.items():
            dictionary = _dictionary([text for _, text in group])
            places: dict[str, _Places] = defaultdict(dict)
            for resource, text in group:
                start = output.tell()
                output.write(_compressed(text, dictionary))
                place = start, output.tell()
                count += 1
                for url in canonicals.addresses(resource):
                    places[url][resource.get("version")] = place
            sections[resource_type] = Raw(msgspec.msgpack.encode(_Section(dictionary, places)))
        start = output.tell()
        output.write(zlib.compress(msgspec.msgpack.encode(_Index(fingerprint, sections))))
        output.write(start.to_bytes(_OFFSET_BYTES, "big"))
    unfinished.replace(file)
    return count


def _dictionary(texts: list[bytes]) -> bytes:
    """Text that the resources of a type have in common: a few of them that are not large."""
    by_size = sorted(texts, key=len)
    middle = len(by_size) // 3
    return b"".join(by_size[middle : middle + 12])[-_DICTIONARY_BYTES:]


def _compressed(text: bytes, dictionary: bytes) -> bytes:
    compressor = zlib.compressobj(9, zdict=dictionary)
    return compressor.compress(text) + compressor.flush()
