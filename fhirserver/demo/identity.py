"""Logical ids that depend on nothing but the seed and what the resource is.

https://hl7.org/fhir/R4/datatypes.html#id
"""

from __future__ import annotations

from hashlib import blake2b


def uuid(key: str) -> str:
    """A UUID made from a key: version 8, "made by the application" (RFC 9562).

    >>> uuid("a") == uuid("a"), uuid("a") == uuid("b"), uuid("a")[14]
    (True, False, '8')
    """
    h = blake2b(key.encode(), digest_size=16).hexdigest()
    return f"{h[:8]}-{h[8:12]}-8{h[13:16]}-a{h[17:20]}-{h[20:]}"


class Ids:
    """Hands out the ids of one record: the first Encounter, the second Encounter ..."""

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._counts: dict[str, int] = {}

    def next(self, type_: str) -> str:
        """The id of the next resource of that type."""
        count = self._counts.get(type_, 0) + 1
        self._counts[type_] = count
        return uuid(f"{self._scope}/{type_}/{count}")
