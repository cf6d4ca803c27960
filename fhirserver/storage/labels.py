"""Which profiles, tags and security labels the current resources of some types have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fhirserver.model.labels import KINDS, merged
from fhirserver.search.query import And
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import where
from fhirserver.storage.store import Store


def labels_in_use(store: Store, types: Sequence[str]) -> dict[str, list[Any]]:
    """The distinct members of meta.profile, meta.security and meta.tag.

    One statement, which reads all rows of the types: it ends with the search's time limit.
    """
    if not types:
        return {}
    build = Builder(store.guard.searching, types=len(types))
    kinds = ", ".join(f"'{k}'" for k in KINDS)
    sql = " UNION ".join(
        f"SELECT kind, member FROM {table('resource', t)} r, unnest(ARRAY[{kinds}]) AS kind, "
        "jsonb_array_elements(CASE WHEN jsonb_typeof(r.meta -> kind) = 'array' "
        f"THEN r.meta -> kind END) AS member "
        f"WHERE r.meta IS NOT NULL AND {where(build, And(()), t, 'r')}"
        for t in types
    )
    rows = store.database.read(
        f"SELECT kind, member::text FROM ({sql}) f ORDER BY 1, 2", build.parameters, prepare=False
    )
    found: dict[str, list[Any]] = {}
    for kind, member in rows:
        found.setdefault(kind, []).append(json.loads(member))
    return {kind: merged(members) for kind, members in found.items()}
