"""Which profiles, tags and security labels the current resources of some types have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fhirserver.model.labels import KINDS, merged
from fhirserver.storage.database import Database
from fhirserver.storage.schema import table


def labels_in_use(database: Database, types: Sequence[str]) -> dict[str, list[Any]]:
    """The distinct members of meta.profile, meta.security and meta.tag.

    One statement, which reads all rows of the types: it ends with the search's time limit.
    """
    if not types:
        return {}
    kinds = ", ".join(f"'{k}'" for k in KINDS)
    sql = " UNION ".join(
        f"SELECT kind, member FROM {table('resource', t)} r, unnest(ARRAY[{kinds}]) AS kind, "
        "jsonb_array_elements(CASE WHEN jsonb_typeof(r.meta -> kind) = 'array' "
        "THEN r.meta -> kind END) AS member WHERE r.meta IS NOT NULL AND NOT r.deleted"
        for t in types
    )
    rows = database.read(f"SELECT kind, member::text FROM ({sql}) f ORDER BY 1, 2", prepare=False)
    found: dict[str, list[Any]] = {}
    for kind, member in rows:
        found.setdefault(kind, []).append(json.loads(member))
    return {kind: merged(members) for kind, members in found.items()}
