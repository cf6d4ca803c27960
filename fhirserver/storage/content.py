"""Content apart from identity: what a row's columns say isn't stored again in its JSON.

A row keeps the type, the id, the version and the time in columns, `meta` without versionId and
lastUpdated in one JSONB column, and all other elements in another. Put together again, the three
that people look for come first.
"""

from __future__ import annotations

from datetime import datetime

from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage.sealed_content import is_sealed, opened

_IDENTITY = ("resourceType", "id", "meta")
_VERSION = ("versionId", "lastUpdated")


def split(resource: Resource) -> tuple[str | None, str]:
    """The JSON of a resource's meta (None when nothing is left of it) and of its other elements."""
    meta = dict(resource.get("meta", ()))
    for name in _VERSION:
        meta.pop(name, None)
    rest = dict(resource)
    for name in _IDENTITY:
        rest.pop(name, None)
    return (json.dump(meta).decode() if meta else None), json.dump(rest).decode()


def joined(
    resource_type: str, id_: str, version: int, updated: datetime, meta: str | None, rest: str
) -> str:
    """The JSON of a resource, from what its row holds.

    >>> from datetime import UTC
    >>> joined("Basic", "1", 2, datetime(2026, 1, 1, tzinfo=UTC), None, '{"a": 1}')[:42]
    '{"resourceType":"Basic","id":"1","meta":{"'
    """
    if is_sealed(rest):
        meta, rest = opened(resource_type, id_, version, meta, rest)
    more_meta = "" if meta is None else f",{meta[1:-1]}"
    more = rest[1:] if rest == "{}" else f",{rest[1:]}"
    return (
        f'{{"resourceType":"{resource_type}","id":"{id_}","meta":{{"versionId":"{version}",'
        f'"lastUpdated":"{instant(updated)}"{more_meta}}}{more}'
    )


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC, to the millisecond.

    https://hl7.org/fhir/R4/datatypes.html#instant
    """
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
