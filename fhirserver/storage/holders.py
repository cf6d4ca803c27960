"""Who holds leases: processes, each known by a lock that ends with it, whatever it dies of.

The lock is an advisory one of a session, so PostgreSQL lets it go when the process's connection
ends. A lease that a holder made begins with the holder's number, and is a UUID of version 8, which
is for what one likes (RFC 9562); other leases are of version 4 and simply last their time.
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fhirserver import ids
from fhirserver.search.hashing import digest
from fhirserver.storage.database import Database
from fhirserver.storage.versions import array

_CLASS: Final = digest("fhirserver holder of leases") & 0x7FFF_FFFF
_PREFIX: Final = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """The holders that have their locks, and the session that asked with those that it has.

    `lasting` is for how many seconds the oldest session that we can see has been there.
    """

    session: int
    lasting: float
    own: frozenset[int]
    alive: frozenset[int]


def new_holder() -> int:
    """A number for a holder, that no other one has."""
    return int(ids.new()[:_PREFIX], 16)


def lease_of(holder: int) -> str:
    """A new lease of a holder.

    >>> lease_of(0xAB)[:9], lease_of(0xAB)[14]
    ('000000ab-', '8')
    """
    rest = ids.new()[_PREFIX:]
    return f"{holder:08x}{rest[:6]}8{rest[7:]}"


def look(database: Database) -> Seen:
    """Who is there, as this thread's session sees it."""
    rows = database.read(
        "SELECT pg_backend_pid(), s.lasting, l.objid::int8, l.pid = pg_backend_pid() FROM ("
        "SELECT extract(epoch FROM clock_timestamp() - min(backend_start))::float8 AS lasting "
        "FROM pg_stat_activity WHERE datname = current_database()) s "
        "LEFT JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted "
        "AND l.classid = %s::int8 AND l.objsubid = 2 "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        (_CLASS,),
    )
    return Seen(
        rows[0][0],
        rows[0][1],
        frozenset(row[2] for row in rows if row[3]),
        frozenset(row[2] for row in rows if row[2] is not None),
    )


def appear(database: Database, holder: int) -> bool:
    """Take a holder's lock in this thread's session; whether it could be had."""
    rows = database.read(
        "SELECT pg_try_advisory_lock(%s::int4, %s::int4)", (_CLASS, _signed(holder))
    )
    return bool(rows[0][0])


def vanish(database: Database, holder: int) -> None:
    """Let a holder's lock go in this thread's session."""
    database.read("SELECT pg_advisory_unlock(%s::int4, %s::int4)", (_CLASS, _signed(holder)))


def with_leases(database: Database) -> set[int]:
    """The holders that have leases: it reads the whole queue, for once in a while."""
    rows = database.read(
        "SELECT DISTINCT left(lease::text, 8) FROM queue.item WHERE leased_until > now() "
        "AND substr(lease::text, 15, 1) = '8'"
    )
    return {int(row[0], 16) for row in rows}


def release_all(database: Database, holders: Iterable[int]) -> int:
    """Give everything back that these have; how many items that were."""
    rows = database.write(
        "UPDATE queue.item SET lease = NULL, leased_until = NULL WHERE leased_until > now() "
        "AND substr(lease::text, 15, 1) = '8' AND ('x' || left(lease::text, 8))::bit(32)::int8 "
        "= ANY(%s::int8[]) RETURNING id",
        (array(holders),),
    )
    return len(rows)


def _signed(holder: int) -> int:
    """An int4 with the same bits: that is what a lock is named by."""
    return holder - (1 << 32) if holder >= 1 << 31 else holder
