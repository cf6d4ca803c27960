"""Which of several conditions a row meets: for those who ask why somebody sees it."""

from __future__ import annotations

from collections.abc import Sequence

from fhirserver.search.hashing import reference_self
from fhirserver.search.query import Condition
from fhirserver.storage.database import Database
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import meets


def met_by(
    database: Database, resource_type: str, resource_id: str, conditions: Sequence[Condition]
) -> list[bool] | None:
    """Whether a current resource meets each condition; None when there is no such resource."""
    build = Builder(WHOLE.reading)
    flags = [f"({meets(build, c, resource_type, 'r')})" for c in conditions]
    rows = database.read(
        f"SELECT {', '.join(['true', *flags])} FROM {table('resource', resource_type)} r "
        f"WHERE r.self = {build.bind(reference_self(resource_type, resource_id), 'int8')} "
        f"AND r.id = {build.bind(resource_id)} AND NOT r.deleted",
        build.parameters,
        prepare=False,
    )
    return [bool(flag) for flag in rows[0][1:]] if rows else None
