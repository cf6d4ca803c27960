"""Whose a resource is that says only what it is about: a Provenance, an AuditEvent, a Binary.

It belongs to the patient to whom all belongs that it is about; to nobody if that is several.
https://hl7.org/fhir/R4/provenance.html, https://hl7.org/fhir/R4/binary.html#security
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import Stamp
from fhirserver.search.site import Site
from fhirserver.search.types.reference import local
from fhirserver.storage.database import Connection, Database, Rows, execute
from fhirserver.storage.schema import ordered, table
from fhirserver.storage.tables import kinds_needed
from fhirserver.storage.versions import array

_ABOUT: Final[dict[str, Callable[[Resource], Iterable[Any]]]] = {
    "AuditEvent": lambda r: [e.get("what") for e in r.get("entity", ())],
    "Binary": lambda r: [r.get("securityContext")],
    "Provenance": lambda r: r.get("target", ()),
}
TYPES: Final = frozenset(_ABOUT)


def stamped(database: Database, resource: Resource, stamp: Stamp, site: Site) -> Stamp:
    """The stamp with the owner of what the resource is about, if it has none of its own."""
    about = _about(resource, site) if stamp.owner is None else {}
    if not about:
        return stamp
    return replace(stamp, owner=_owner(about, database.read))


def inherit(
    connection: Connection, resource_type: str, key: int, resource: Resource, site: Site
) -> None:
    """Give the row of a resource the owner of what has been written in the same transaction."""
    about = _about(resource, site)
    owner = _owner(about, lambda sql, values: execute(connection, sql, values)) if about else None
    if owner is None:
        return
    names = [table("resource", resource_type)]
    names += [ordered(kind, resource_type) for kind in sorted(kinds_needed(resource_type))]
    for name in names:
        execute(connection, f"UPDATE {name} SET owner = %s WHERE key = %s", (owner, key))


def _about(resource: Resource, site: Site) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    about = _ABOUT.get(resource["resourceType"])
    for reference in () if about is None else about(resource):
        address = local((reference or {}).get("reference") or "", site)
        if address:
            found[address[0]].add(reference_self(*address))
    return found


def _owner(about: dict[str, set[int]], read: Callable[[str, Sequence[Any]], Rows]) -> int | None:
    owners = set(about.get("Patient", ()))
    others = sorted(t for t in about if t != "Patient")
    if others:
        sql = " UNION ".join(
            f"SELECT owner FROM {table('resource', t)} WHERE self = ANY(%s::int8[])" for t in others
        )
        rows = read(sql, [array(about[t]) for t in others])
        owners |= {row[0] for row in rows if row[0] is not None}
    return owners.pop() if len(owners) == 1 else None
