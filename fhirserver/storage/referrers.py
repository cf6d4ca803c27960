"""Which resources refer to one resource: by the arrays of all types, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fhirserver.search.query import And
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import where
from fhirserver.storage.store import Store


def referrers(store: Store, sources: Mapping[str, Sequence[int]]) -> dict[str, list[str]]:
    """The ids by type of the current resources whose array holds any of their type's elements."""
    build = Builder(store.guard.reading, types=len(sources))
    sql = " UNION ALL ".join(
        f"SELECT '{t}', r.id FROM {table('resource', t)} r WHERE r.elements && "
        f"{build.bind_array(elements)} AND {where(build, And(()), t, 'r')}"
        for t, elements in sorted(sources.items())
        if elements
    )
    found: dict[str, list[str]] = {}
    if sql:
        for resource_type, id_ in store.database.read(sql, build.parameters, prepare=False):
            found.setdefault(resource_type, []).append(id_)
    return found
