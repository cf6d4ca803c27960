"""Taking versions out of the database for good: rows, index, history and change log together."""

from __future__ import annotations

from fhirserver.storage.database import Connection, execute
from fhirserver.storage.schema import ORDERED, ordered, table
from fhirserver.storage.tables import kinds_needed


def remove_history(connection: Connection, resource_type: str, key: int, version: int) -> int:
    """Remove the versions before this one; how many they were."""
    return _removed(connection, resource_type, "history", "r.key = %s AND r.version < %s",
                    (key, version))  # fmt: skip


def remove_all(connection: Connection, resource_type: str, key: int) -> int:
    """Remove every version of a resource and all that the index has of it; how many they were."""
    past = _removed(connection, resource_type, "history", "r.key = %s", (key,))
    for kind in ORDERED:
        if kind in kinds_needed(resource_type):
            sql = f"DELETE FROM {ordered(kind, resource_type)} WHERE key = %s"
            execute(connection, sql, (key,))
    return past + _removed(connection, resource_type, "resource", "r.key = %s", (key,))


def _removed(
    connection: Connection, resource_type: str, schema: str, condition: str, values: tuple[int, ...]
) -> int:
    """Remove rows and what the change log says of them, which is found by its time."""
    rows = execute(
        connection,
        f"""
WITH gone AS (
  DELETE FROM {table(schema, resource_type)} r WHERE {condition}
  RETURNING r.key, r.version, r.updated),
logged AS (
  DELETE FROM fhir.change c USING gone g
  WHERE c.updated = g.updated AND c.type = %s AND c.key = g.key AND c.version = g.version)
SELECT count(*) FROM gone""",
        (*values, resource_type),
    )
    return int(rows[0][0])
