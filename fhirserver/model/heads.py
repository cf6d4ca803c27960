"""What there is to know of each shipped definition before it is read: its id, address and names.

    heads("StructureDefinition")["Patient"].url

A type is read through when it is first asked for: the largest, with 650 StructureDefinitions,
takes a tenth of a second.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fhirserver.model.conformance import shipped, shipped_sources
from fhirserver.model.resource import Resource


def versioned(url: str, version: str | None) -> str:
    """The canonical of an address and a version.

    >>> versioned("http://acme.org/ValueSet/a", "1.0")
    'http://acme.org/ValueSet/a|1.0'
    """
    return url if version is None else f"{url}|{version}"


class Head(msgspec.Struct, frozen=True):
    """The beginning of a definition."""

    id: str
    url: str = ""
    version: str | None = None
    name: str = ""
    status: str = ""
    code: Any = None
    base: Any = None
    """Of a SearchParameter the types that it is for."""

    @property
    def canonical(self) -> str:
        """Its address with its version."""
        return versioned(self.url, self.version)


@functools.cache
def heads(resource_type: str) -> Mapping[str, Head]:
    """The shipped definitions of a type by id, in the order of ids."""
    found: dict[str, Head] = {}
    for head in _all(resource_type):
        found.setdefault(head.id, head)
    return {id_: found[id_] for id_ in sorted(found)}


def _all(resource_type: str) -> Iterator[Head]:
    for source in shipped_sources():
        for url in source.urls(resource_type):
            for version in source.versions(resource_type, url):
                text = source.find(resource_type, f"{url}|{version}" if version else url)
                # An address with a bar in it can't be asked for: HL7 has six, of code systems.
                head = None if text is None else _head(text)
                if head is not None and head.url == url:
                    yield head


def _head(text: bytes) -> Head | None:
    try:
        return msgspec.json.decode(text, type=Head)
    except msgspec.ValidationError:
        # It has no id, so it has no address to be read at.
        return None


def read(resource_type: str, head: Head) -> Resource:
    """The definition itself; never change it."""
    found = shipped().find(resource_type, head.canonical)
    assert found is not None
    return found
