"""Bringing the index in step with the search parameters while everything goes on.

A job has a part for each type, and a part goes through the type's rows by key, some hundreds in a
transaction that also says how far it is: who is killed loses that and nothing more, and the row of
the part is the lock that keeps two from doing the same. Rows are not locked while their values are
made. They are written where the version is still the one that was read; where it isn't, they are
read again. A writer whose statement began before such a write tries again (writer.UNTOUCHED).

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from fhirserver.errors import FhirError
from fhirserver.model import json
from fhirserver.search.index import IndexValues, Stamp
from fhirserver.storage.audit_events import entities_beside
from fhirserver.storage.database import Connection, Database, Stale, execute
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.index_rows import ROW_COLUMNS, ROWS_OF, nullable, row_parameters
from fhirserver.storage.schema import OrderedTable, ordered, table
from fhirserver.storage.store import Store
from fhirserver.storage.tables import kinds_needed
from fhirserver.storage.versions import COLUMNS, WIDTH, array, version_of
from fhirserver.storage.writer import UNTOUCHED, difference, made_by

BATCH: Final = 200
_ATTEMPTS: Final = 12
_POLL_SECONDS: Final = 0.02


class _Row(NamedTuple):
    """A current row, what its index holds, and what it should hold."""

    key: int
    version: int
    elements: list[int]
    stamp: Stamp
    wanted: IndexValues
    wanted_stamp: Stamp


def work(store: Store, *, seconds: float) -> bool:
    """Do what there is to do of all jobs, for about so long; whether nothing is left for us.

    A type that fails doesn't hold up the others: its error is raised when nothing else is left.
    Whoever asks for it, whose a resource is depends on all that is stored.
    """
    store = replace(store, guard=WHOLE)
    ends = time.monotonic() + seconds
    failed: dict[tuple[int, str], FhirError] = {}
    while True:
        did_something = False
        for job, resource_type, state in _open_parts(store.database):
            if time.monotonic() >= ends:
                return False
            if (job, resource_type) in failed:
                continue
            try:
                if state == "waiting":
                    did_something |= _begin(store.database, job, resource_type, ends)
                else:
                    did_something |= _batch(store, job, resource_type)
            except Stale:
                did_something = True
            except FhirError as error:
                failed[job, resource_type] = error
        if not did_something:
            if failed:
                raise next(iter(failed.values()))
            return not _open_parts(store.database)


def _open_parts(database: Database) -> list[tuple[int, str, str]]:
    """The next part of each type; those under way first."""
    rows = database.read(
        "SELECT job, type, state FROM (SELECT DISTINCT ON (type) job, type, state "
        "FROM fhir.reindex_part WHERE state IN ('waiting', 'running') ORDER BY type, job) p "
        "ORDER BY state, job, type"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _begin(database: Database, job: int, resource_type: str, ends: float) -> bool:
    """Start a part when nobody can write by other parameters than now any more.

    Who holds the lock of a writer now may have begun before they changed; who takes it later
    finds that they have.
    """
    part = (job, resource_type)
    rows = database.read(
        "SELECT made FROM fhir.reindex_part WHERE job = %s AND type = %s AND state = 'waiting'",
        part,
    )
    if not rows:
        return False
    holders = _writers(database, resource_type)
    while holders:
        if time.monotonic() >= ends:
            return False
        time.sleep(_POLL_SECONDS)
        holders &= _writers(database, resource_type)
    with database.transaction() as connection:
        # Counting ten million rows takes more than a write may.
        execute(connection, "SET LOCAL statement_timeout = 0")
        begun = execute(
            connection,
            "UPDATE fhir.reindex_part SET state = 'running', begun = now(), end_key = n.last, "
            "total = n.total FROM (SELECT coalesce(max(key), 0) AS last, "
            "count(*) FILTER (WHERE NOT deleted) AS total "
            f"FROM {table('resource', resource_type)}) n "
            "WHERE job = %s AND type = %s AND state = 'waiting' AND made = %s RETURNING job",
            (*part, rows[0][0]),
        )
    return bool(begun)


def _writers(database: Database, resource_type: str) -> set[str]:
    rows = database.read(
        "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND relation = %s::regclass AND mode = 'RowExclusiveLock'",
        (table("resource", resource_type),),
    )
    return {row[0] for row in rows}


def _batch(store: Store, job: int, resource_type: str) -> bool:
    """Do the next rows of a part; False when somebody else does, or it was cancelled."""
    with store.database.transaction() as connection:
        part = execute(
            connection,
            "SELECT last_key, end_key FROM fhir.reindex_part "
            "WHERE job = %s AND type = %s AND state = 'running' FOR UPDATE SKIP LOCKED",
            (job, resource_type),
        )
        if not part:
            return False
        last, end = part[0]
        rows = execute(
            connection,
            f"SELECT key FROM {table('resource', resource_type)} "
            "WHERE key > %s AND key <= %s AND NOT deleted ORDER BY key LIMIT %s",
            (last, end, BATCH),
        )
        keys = [row[0] for row in rows]
        changed = bring_in_step(store, connection, resource_type, keys)
        is_end = len(keys) < BATCH
        execute(
            connection,
            "UPDATE fhir.reindex_part SET last_key = %s, done = done + %s, "
            "changed = changed + %s, state = %s, "
            # Resources that were deleted meanwhile are no longer to be done.
            "total = CASE WHEN %s THEN done + %s ELSE greatest(total, done + %s) END, "
            "ended = CASE WHEN %s THEN clock_timestamp() END WHERE job = %s AND type = %s",
            (
                keys[-1] if keys else end,
                len(keys),
                changed,
                "done" if is_end else "running",
                is_end,
                len(keys),
                len(keys),
                is_end,
                job,
                resource_type,
            ),
        )
        if is_end:
            _complete(connection, job, resource_type)
    return True


def _complete(connection: Connection, job: int, resource_type: str) -> None:
    """What waited for this part may be asked for from now on."""
    # Locked first, as by everybody who changes search_index: else two could wait for each other.
    execute(connection, "SELECT made FROM fhir.search_state FOR UPDATE")
    completed = execute(
        connection,
        "UPDATE fhir.search_index SET job = NULL WHERE type = %s AND job <= %s RETURNING code",
        (resource_type, job),
    )
    if completed:
        execute(connection, "UPDATE fhir.search_state SET asked = asked + 1")


def bring_in_step(
    store: Store, connection: Connection, resource_type: str, keys: Sequence[int]
) -> int:
    """Make the index of these rows what their content says; how many were changed."""
    changed = 0
    left = list(keys)
    for _ in range(_ATTEMPTS):
        if not left:
            return changed
        rows = _read(store, connection, resource_type, left)
        there = _rows_there(connection, resource_type, [r.key for r in rows])
        wrong = [r for r in rows if _differs(r, there)]
        if not wrong:
            return changed
        store.texts.add(entry for r in wrong for entry in r.wanted.texts)
        written = _write(connection, resource_type, wrong)
        changed += len(written)
        # The others have a new version by now, which may lack the same rows.
        left = [r.key for r in wrong if r.key not in written]
    raise Stale(resource_type)


def _read(
    store: Store, connection: Connection, resource_type: str, keys: Sequence[int]
) -> list[_Row]:
    found = []
    beside = entities_beside(connection, keys) if resource_type == "AuditEvent" else {}
    for row in execute(
        connection,
        f"SELECT {COLUMNS}, r.elements, r.owner, r.unit, r.labels "
        f"FROM {table('resource', resource_type)} r "
        "WHERE r.key = ANY(%s::int8[]) AND NOT r.deleted",
        (array(keys),),
    ):
        elements, owner, unit, labels = row[WIDTH:]
        version = version_of(resource_type, row)
        resource = json.kept(version.content or "{}")
        if version.key in beside:
            resource["entity"] = [*resource["entity"], *beside[version.key]]
        stamp = Stamp(owner, tuple(labels or ()), unit)
        found.append(
            _Row(
                version.key,
                version.version,
                elements,
                stamp,
                store.extract(resource),
                # Who may read what is on record was settled when it was made.
                stamp if resource_type == "AuditEvent" else store.stamp(resource),
            )
        )
        if version.key in beside:
            # Beside the content lies what was touched, not in which role: that is kept as it is.
            wanted = found[-1].wanted
            wanted.elements = list(dict.fromkeys([*wanted.elements, *elements]))
    return found


_There = Mapping[tuple[OrderedTable, int], Counter[tuple[Any, ...]]]


def _rows_there(connection: Connection, resource_type: str, keys: Sequence[int]) -> _There:
    """The rows of the ordered tables, by table and key, each with its owner first."""
    found: dict[tuple[OrderedTable, int], Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for kind in kinds_needed(resource_type):
        names = ", ".join(name for name, _ in ROW_COLUMNS[kind])
        for key, *values in execute(
            connection,
            f"SELECT key, owner, {names} FROM {ordered(kind, resource_type)} "
            "WHERE key = ANY(%s::int8[])",
            (array(keys),),
        ):
            found[kind, key][tuple(values)] += 1
    return found


def _differs(row: _Row, there: _There) -> bool:
    if row.stamp != row.wanted_stamp or sorted(row.elements) != sorted(row.wanted.elements):
        return True
    owner = row.wanted_stamp.owner
    return any(
        Counter((owner, *values) for values in getattr(row.wanted, rows))
        != there.get((kind, row.key), Counter())
        for kind, rows in ROWS_OF.items()
    )


def _write(connection: Connection, resource_type: str, rows: Sequence[_Row]) -> set[int]:
    """Write what these rows should have; the keys of those whose version was still there."""
    kinds = sorted(kinds_needed(resource_type))
    current = table("resource", resource_type)
    # Locked in the order in which every writer locks (versions.lock_current).
    sql = f"""
WITH new AS MATERIALIZED (
  SELECT * FROM unnest(%(key)s::int8[], %(version)s::int4[], %(owner)s::int8[], %(unit)s::int8[],
                       %(labels)b::text[], %(elements)b::text[])
  AS n (key, version, owner, unit, labels, elements)),
old AS MATERIALIZED (
  SELECT r.key FROM {current} r JOIN new ON new.key = r.key
  WHERE r.version = new.version AND {UNTOUCHED} ORDER BY r.self FOR UPDATE OF r),
written AS (
  UPDATE {current} r SET indexed = pg_current_xact_id(), owner = n.owner, unit = n.unit,
      labels = n.labels::int8[], elements = n.elements::int8[]
  FROM new n JOIN old ON old.key = n.key WHERE r.key = n.key
  RETURNING r.key){"".join(difference(kind, resource_type) for kind in kinds)}
SELECT key, fhir.parameters_are(%(made_by)s::int8) FROM written"""
    parameters: dict[str, Any] = {
        "key": array(r.key for r in rows),
        "version": array(r.version for r in rows),
        "owner": nullable(r.wanted_stamp.owner for r in rows),
        "unit": nullable(r.wanted_stamp.unit for r in rows),
        "labels": [array(r.wanted_stamp.labels) if r.wanted_stamp.labels else None for r in rows],
        "elements": [array(r.wanted.elements) for r in rows],
        "made_by": made_by(r.wanted for r in rows),
    }
    owned = [(r.key, r.wanted_stamp.owner, r.wanted) for r in rows]
    for kind in kinds:
        parameters |= row_parameters(kind, owned)
    return {row[0] for row in execute(connection, sql, parameters)}
