"""Retention: events whose time is over are removed with their seals, and that is signed.

Only from the beginning of the chain, and only what is sealed: what is left still leads, link by
link, from the tombstone to the end. HIPAA wants records of this kind for six years (45 CFR
164.316(b)(2)).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fhirserver import clock
from fhirserver.audit.chain import ChainKeys
from fhirserver.settings import Settings
from fhirserver.storage import audit_retention as stored
from fhirserver.storage.audit_seals import has_turn
from fhirserver.storage.content import instant
from fhirserver.storage.database import Database

AT_ONCE: Final = 5_000


def remove_old(database: Database, keys: ChainKeys, settings: Settings) -> int:
    """Remove what is older than the settings want; how many events. Nothing under a legal hold."""
    if settings.audit_legal_hold or settings.audit_retention_days <= 0:
        return 0
    count = 0
    while True:
        removed = _remove_some(database, keys, timedelta(days=settings.audit_retention_days))
        if removed is None:
            return count
        count += removed


def _remove_some(database: Database, keys: ChainKeys, age: timedelta) -> int | None:
    with database.transaction() as connection:
        if not has_turn(connection):
            return None
        now = clock.now()
        gone = stored.oldest(connection, now - age, AT_ONCE)
        if gone is None:
            return None
        tombstone = keys.sign(
            "tombstone",
            gone.last,
            gone.mac,
            now,
            first=gone.first,
            since=instant(gone.since),
            until=instant(gone.until),
        )
        return stored.remove(connection, gone.last, tombstone)
