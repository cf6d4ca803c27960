"""What changes are about, and which of them a caller may hear of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhirserver.storage.change_feed import Change
from fhirserver.storage.database import Database
from fhirserver.storage.guard import NOTHING
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen
from fhirserver.storage.store import Store
from fhirserver.storage.versions import array


@dataclass(frozen=True, slots=True)
class About:
    """The id of a resource, and whose it is now: the digest of `Patient/ID`, or None."""

    id: str
    owner: int | None


def about(database: Database, changes: Sequence[Change]) -> dict[int, About]:
    """What changes are about, by key, whoever asks; what was expunged isn't there."""
    parts, parameters = [], {}
    for number, resource_type in enumerate(sorted({c.type for c in changes})):
        parameters[f"k{number}"] = array({c.key for c in changes if c.type == resource_type})
        parts.append(
            f"SELECT r.key, r.id, r.owner FROM {table('resource', resource_type)} r "
            f"WHERE r.key = ANY(%(k{number})s::int8[])"
        )
    if not parts:
        return {}
    rows = database.read(" UNION ALL ".join(parts), parameters, prepare=False)
    return {row[0]: About(row[1], row[2]) for row in rows}


def shown(store: Store, changes: Sequence[Change]) -> set[int]:
    """The keys of those changed resources that are there for the caller now, deleted or not."""
    found: set[int] = set()
    for resource_type in sorted({c.type for c in changes}):
        if store.guard.reading(resource_type) == NOTHING:
            continue
        build = Builder(store.guard.reading)
        keys = build.bind_array({c.key for c in changes if c.type == resource_type})
        rows = store.database.point(
            f"SELECT r.key FROM {table('resource', resource_type)} r "
            f"WHERE r.key = ANY({keys}) AND {seen(build, resource_type, 'r')}",
            build.parameters,
        )
        found.update(row[0] for row in rows)
    return found
