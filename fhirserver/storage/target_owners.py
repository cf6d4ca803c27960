"""Whose a resource is that says only what it is about: a Provenance, an AuditEvent, a Binary.

It belongs to the patient to whom all belongs that it is about; to nobody if that is several. What
isn't there for the caller has no say, as if it were absent.
https://hl7.org/fhir/R4/provenance.html, https://hl7.org/fhir/R4/binary.html#security
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec.structs import replace

from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import Stamp
from fhirserver.search.site import Site
from fhirserver.search.types.reference import local
from fhirserver.storage.database import Connection, Database, Parameters, Rows, execute
from fhirserver.storage.guard import See
from fhirserver.storage.schema import ordered, table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen
from fhirserver.storage.tables import kinds_needed

_ABOUT: Final[dict[str, Callable[[Resource], Iterable[Any]]]] = {
    "AuditEvent": lambda r: [e.get("what") for e in r.get("entity", ())],
    "Binary": lambda r: [r.get("securityContext")],
    "Provenance": lambda r: r.get("target", ()),
}
TYPES: Final = frozenset(_ABOUT)


def stamped(database: Database, see: See, resource: Resource, stamp: Stamp, site: Site) -> Stamp:
    """The stamp with the owner of what the resource is about, if it has none of its own."""
    about = _about(resource, site) if stamp.owner is None else {}
    if not about:
        return stamp
    return replace(stamp, owner=_owner(about, see, database.read))


def inherit(
    connection: Connection,
    see: See,
    resource_type: str,
    key: int,
    resource: Resource,
    site: Site,
) -> None:
    """Give the row of a resource the owner of what has been written in the same transaction."""
    about = _about(resource, site)
    owner = None
    if about:
        owner = _owner(about, see, lambda sql, values: execute(connection, sql, values))
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


def _owner(
    about: dict[str, set[int]], see: See, read: Callable[[str, Parameters], Rows]
) -> int | None:
    owners = set(about.get("Patient", ()))
    others = sorted(t for t in about if t != "Patient")
    if others:
        build = Builder(see, types=len(others))
        sql = " UNION ".join(
            f"SELECT r.owner FROM {table('resource', t)} r "
            f"WHERE r.self = ANY({build.bind_array(about[t])}) AND {seen(build, t, 'r')}"
            for t in others
        )
        rows = read(sql, build.parameters)
        owners |= {row[0] for row in rows if row[0] is not None}
    return owners.pop() if len(owners) == 1 else None
