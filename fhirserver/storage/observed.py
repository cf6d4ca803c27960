"""Which new resources nothing needs to be done about: of a load of old records nearly all.

Observations of a time long past, Encounters that are over. What is sealed is never among them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from fhirserver.storage.database import Connection, execute
from fhirserver.storage.schema import table
from fhirserver.storage.versions import array

# Times are compared as texts, each as precisely as it is: the year 2026 isn't before any day of it.
_PAST: Final = """
SELECT r.key FROM resource."Observation" r WHERE r.key = ANY(%s::int8[]) AND r.version = 1
AND NOT r.content ? 'effectiveTiming' AND (
  SELECT bool_and(t.time COLLATE "C" < left(%s, length(t.time)) COLLATE "C") FROM unnest(ARRAY[
    r.content->>'effectiveDateTime', r.content->>'effectiveInstant',
    r.content#>>'{effectivePeriod,start}', r.content#>>'{effectivePeriod,end}',
    r.content->>'issued']) AS t (time) WHERE t.time IS NOT NULL)"""


def long_past(connection: Connection, keys: Sequence[int], day: date) -> set[int]:
    """Those that were made once, and whose times, of which they have one, are all before a day."""
    return {row[0] for row in execute(connection, _PAST, (array(keys), day.isoformat()))}


def of_other_status(
    connection: Connection, resource_type: str, keys: Sequence[int], statuses: Collection[str]
) -> set[int]:
    """Those that were made once, and whose status is none of these."""
    sql = (
        f"SELECT r.key FROM {table('resource', resource_type)} r WHERE r.key = ANY(%s::int8[]) "
        "AND r.version = 1 AND NOT r.content->>'status' = ANY(%s)"
    )
    return {row[0] for row in execute(connection, sql, (array(keys), sorted(statuses)))}
