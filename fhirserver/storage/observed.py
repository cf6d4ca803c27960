"""Which new Observations are about a time long past: of a load of old records nearly all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from fhirserver.storage.database import Connection, execute
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
