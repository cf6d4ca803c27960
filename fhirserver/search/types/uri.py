"""Uri parameters: equality of addresses, and with :above and :below along their paths.

https://hl7.org/fhir/R4/search.html#uri
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from fhirserver.search.escaping import unescape
from fhirserver.search.hashing import digest, element, salt
from fhirserver.search.index import IndexValues
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import AnyElement, Condition
from fhirserver.search.site import Site

_URIS: Final = frozenset(["uri", "url", "canonical", "oid", "uuid", "string"])


def prefixes(uri: str) -> list[str]:
    """The addresses above this one, from the longest; of a URN, at its colons.

    >>> prefixes("http://acme.org/fhir/ValueSet/1")
    ['http://acme.org/fhir/ValueSet', 'http://acme.org/fhir', 'http://acme.org']
    >>> prefixes("urn:oid:1.2.3")
    ['urn:oid']
    """
    scheme, mark, rest = uri.partition("://")
    separator, least = ("/", 1) if mark else (":", 2)
    parts = (rest if mark else uri).split(separator)
    start = f"{scheme}://" if mark else ""
    return [start + separator.join(parts[:n]) for n in range(len(parts) - 1, least - 1, -1)]


def spelled(value: str) -> list[str]:
    """The spellings of a uri, or of a canonical with and without its version."""
    url = value.partition("|")[0]
    return list(dict.fromkeys([f"u|{value}", f"u|{url}"]))


@lru_cache(maxsize=8_192)
def _digests(value: str) -> tuple[int, ...]:
    above = prefixes(value.partition("|")[0])
    return tuple(digest(s) for s in (*spelled(value), *(f"b|{p}" for p in above), "?"))


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    salted = salt(parameter.code)

    def add(value: Any, out: IndexValues) -> None:
        out.elements += [d ^ salted for d in _digests(value)]

    return add if datatype in _URIS else None


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    found: list[str] = []
    for value in map(unescape, values):
        short = value.rstrip("/")
        match modifier:
            case "above":
                found += [f"u|{p}" for p in (value, short, *prefixes(short))]
            case "below":
                found += [f"u|{value}", f"u|{short}", f"b|{short}"]
            case _:
                found.append(f"u|{value}")
    return AnyElement(tuple(dict.fromkeys(element(parameter.code, s) for s in found)))


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return AnyElement((element(parameter.code, "?"),))


kinds.register("uri")(Kind(index, condition, present))
