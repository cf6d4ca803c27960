"""Quantities in base units, so that a search finds them whatever unit they are written in.

Rows of units of UCUM get their ends and unit in base units; the others have them as written. What
an older server writes in the meantime is found by unit when it has been written again.
"""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy
from alembic import op

from fhirserver.model import definitions, ucum
from fhirserver.search.hashing import digest
from fhirserver.search.types.quantity import in_base
from fhirserver.storage import schema
from fhirserver.storage.tables import kinds_needed

revision = "0005"
down_revision = "0004"

AT_ONCE = 10_000


def upgrade() -> None:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        for resource_type in definitions.load().resource_types:
            if "number" in kinds_needed(resource_type):
                for statement in schema.quantity_index(resource_type, concurrently=True):
                    op.execute(statement)
                _convert(connection, resource_type)


def _convert(connection: sqlalchemy.Connection, resource_type: str) -> None:
    name = schema.ordered("number", resource_type)
    missing = "unit IS NOT NULL AND base_low IS NULL"
    if not _all(connection, f"SELECT 1 FROM {name} WHERE {missing} LIMIT 1"):
        return
    codes = _all(
        connection,
        f"""SELECT DISTINCT found #>> '{{}}' FROM {schema.table("resource", resource_type)},
            jsonb_path_query(content, '$.** ? (@.system == "{ucum.SYSTEM}").code') found""",
    )
    for (code,) in codes:
        while _convert_some(connection, name, code):
            pass
    connection.exec_driver_sql(
        f"UPDATE {name} SET base_low = low, base_high = high WHERE {missing}"
    )


def _convert_some(connection: sqlalchemy.Connection, name: str, code: str) -> bool:
    """Convert some of the values of a unit; False when there are none left."""
    found = in_base(0, code)
    if found is None:
        return False
    _, unit, is_decreasing = found
    old = digest(f"s|{ucum.SYSTEM}|{code}")
    ends = _all(
        connection,
        f"SELECT DISTINCT low, high FROM {name} WHERE unit = %s AND base_low IS NULL "
        f"LIMIT {AT_ONCE}",
        old,
    )
    based = [sorted((_end(low, code, is_decreasing), _end(high, code, is_decreasing)))
             for low, high in ends]  # fmt: skip
    connection.exec_driver_sql(
        f"""UPDATE {name} n SET unit = %s, base_low = v.base_low, base_high = v.base_high
            FROM unnest(%s::float8[], %s::float8[], %s::float8[], %s::float8[])
              v (low, high, base_low, base_high)
            WHERE n.unit = %s AND n.low = v.low AND n.high = v.high AND n.base_low IS NULL""",
        (
            unit,
            [low for low, _ in ends],
            [high for _, high in ends],
            [low for low, _ in based],
            [high for _, high in based],
            old,
        ),
    )
    return bool(ends)


def _end(number: float, code: str, is_decreasing: bool) -> float:
    found = None if math.isinf(number) else in_base(number, code)
    if found is not None:
        return found[0]
    return -number if is_decreasing else number


def _all(connection: sqlalchemy.Connection, statement: str, *values: Any) -> list[Any]:
    return list(connection.exec_driver_sql(statement, values or None).fetchall())


def downgrade() -> None:
    raise RuntimeError("migrations are additive: restore a backup instead")
