"""Old HL7 v2 messages go: what was done, in small batches. What waits or is dead stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from fhirserver.storage.database import Database

BATCH: Final = 500

# A number of the record isn't used again, so what Provenance says of it stays true.
_RECEIVED: Final = """
DELETE FROM hl7v2.message WHERE id = ANY(ARRAY(
  SELECT id FROM hl7v2.message WHERE state IN ('done', 'discarded') AND ended < %(before)s
    AND NOT is_owed LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING 1"""
_REFUSED: Final = """
DELETE FROM hl7v2.message WHERE id = ANY(ARRAY(
  SELECT id FROM hl7v2.message WHERE state = 'refused' AND received < %(before)s
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING 1"""
_SENT: Final = """
DELETE FROM hl7v2.sent WHERE id = ANY(ARRAY(
  SELECT id FROM hl7v2.sent WHERE ended < %(before)s AND state IN ('accepted', 'discarded')
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING 1"""


def remove_received(database: Database, before: datetime) -> int:
    """Remove messages that were done, discarded or refused before; how many."""
    return sum(_all(partial(_batch, database, sql, before)) for sql in (_RECEIVED, _REFUSED))


def remove_sent(database: Database, before: datetime) -> int:
    """Remove messages that were accepted or discarded before; how many. Rejected ones stay."""
    return _all(partial(_batch, database, _SENT, before))


def _all(batch: Callable[[], int]) -> int:
    """One transaction after the other, until one finds less than it may."""
    total = 0
    while True:
        count = batch()
        total += count
        if count < BATCH:
            return total


def _batch(database: Database, sql: str, before: datetime) -> int:
    return len(database.write(sql, {"before": before, "limit": BATCH}))
