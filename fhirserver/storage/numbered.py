"""Versions by type, key and number, as the change log and the history name them.

Nobody's rights decide here: it is for the server's own work, and for who sees everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhirserver.storage.database import Database
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.versions import COLUMNS, ready, version_of

Place = tuple[str, int, int]
"""The type, the key and the number of a version."""


def numbered(database: Database, wanted: Sequence[Place]) -> dict[Place, Version]:
    """The versions at these places, in one statement; what has been expunged isn't there."""
    if not wanted:
        return {}
    parameters: dict[str, Any] = {}
    parts = []
    for number, resource_type in enumerate(sorted({w[0] for w in wanted})):
        parameters[f"k{number}"] = [w[1] for w in wanted if w[0] == resource_type]
        parameters[f"v{number}"] = [w[2] for w in wanted if w[0] == resource_type]
        parts += [
            f"SELECT '{resource_type}', {COLUMNS} FROM {table(schema, resource_type)} r "
            f"JOIN unnest(%(k{number})s::int8[], %(v{number})s::int4[]) AS w (key, version) "
            "ON w.key = r.key AND w.version = r.version"
            for schema in ("resource", "history")
        ]
    rows = database.read(" UNION ALL ".join(parts), parameters, prepare=False)
    versions = (version_of(row[0], row[1:]) for row in ready(rows, before=1))
    return {v.place: v for v in versions}
