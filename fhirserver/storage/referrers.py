"""Which resources refer to one resource: by the arrays of all types, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fhirserver.storage.database import Database
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder


def referrers(database: Database, sources: Mapping[str, Sequence[int]]) -> dict[str, list[str]]:
    """The ids by type of the current resources whose array holds any of their type's elements."""
    build = Builder()
    sql = " UNION ALL ".join(
        f"SELECT '{t}', r.id FROM {table('resource', t)} r WHERE r.elements && "
        f"{build.bind_array(elements)} AND NOT r.deleted"
        for t, elements in sorted(sources.items())
        if elements
    )
    found: dict[str, list[str]] = {}
    if sql:
        for resource_type, id_ in database.read(sql, build.parameters, prepare=False):
            found.setdefault(resource_type, []).append(id_)
    return found
