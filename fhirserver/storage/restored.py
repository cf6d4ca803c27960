"""After a logical restore: transaction ids of another cluster would lie in this one's future.

Rows remember the transaction that wrote them, so that pages can be read as of a snapshot. A dump
that is restored into a new cluster brings ids that haven't been reached there; such rows would be
invisible on later pages. They are settled as written before everything else.
"""

from __future__ import annotations

import sqlalchemy

from fhirserver.model import definitions
from fhirserver.storage.schema import table

_FUTURE = "tx >= pg_snapshot_xmax(pg_current_snapshot())"
# The first transaction id that PostgreSQL gives out: visible in every snapshot.
_PAST = "'3'::xid8"


def settle_transactions(connection: sqlalchemy.Connection) -> bool:
    """Settle rows with transaction ids from the future; whether there were any."""
    found = connection.exec_driver_sql(
        f"SELECT EXISTS (SELECT FROM fhir.change WHERE {_FUTURE}) "
        f'OR EXISTS (SELECT FROM resource."AuditEvent" WHERE {_FUTURE})'
    ).scalar_one()
    if found:
        types = definitions.load().resource_types
        tables = [table(schema, t) for t in types for schema in ("resource", "history")]
        for name in ["fhir.change", *tables]:
            connection.exec_driver_sql(f"UPDATE {name} SET tx = {_PAST} WHERE {_FUTURE}")
        # The sealer looks for what has no seal from the beginning.
        connection.exec_driver_sql("UPDATE audit.head SET bound = '0'")
        for name in (table("resource", t) for t in types):
            connection.exec_driver_sql(
                f"UPDATE {name} SET indexed = NULL WHERE {_FUTURE.replace('tx', 'indexed', 1)}"
            )
        # Readers of the log go on behind the last change that they have had.
        connection.exec_driver_sql(
            f"UPDATE queue.reader SET low = {_PAST}, high = '4', seq = last "
            f"WHERE {_FUTURE.replace('tx', 'high', 1)}"
        )
    return bool(found)
