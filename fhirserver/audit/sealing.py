"""Sealing: new events get their links, and where the chain stands is signed every minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fhirserver import clock
from fhirserver.audit.chain import GENESIS, ChainKeys
from fhirserver.storage import audit_seals as stored
from fhirserver.storage.audit_seals import Head, Seal
from fhirserver.storage.database import Database

AT_ONCE: Final = 2_000
CHECKPOINT: Final = timedelta(minutes=1)


def seal(database: Database, keys: ChainKeys, *, wait: bool = False) -> int:
    """Seal what has been committed; how many events that were.

    One at a time works on the chain: others leave it, or `wait` for their turn.
    """
    count = 0
    while True:
        sealed = _seal_some(database, keys, wait=wait)
        count += sealed or 0
        if sealed is None or sealed < AT_ONCE:
            return count


def _seal_some(database: Database, keys: ChainKeys, *, wait: bool) -> int | None:
    with database.transaction() as connection:
        if wait:
            stored.wait_for_turn(connection)
        elif not stored.has_turn(connection):
            return None
        end = stored.head(connection) or Head(0, GENESIS, "0")
        events, bound = stored.unsealed(connection, end.bound, AT_ONCE)
        seq, mac = end.seq, end.mac
        seals = []
        for event in events:
            seq += 1
            mac = keys.link(mac, seq, event.digest)
            seals.append(Seal(seq, event.key, event.stored, event.digest, mac))
        if seals or bound != end.bound:
            stored.append(connection, seals, Head(seq, mac, bound))
        last = stored.last_checkpoint(connection)
        now = clock.now()
        if seq and (last is None or (seq > last.seq and now - last.made >= CHECKPOINT)):
            stored.add_checkpoint(connection, keys.sign("checkpoint", seq, mac, now))
        return len(seals)
