"""Writing AuditEvents: many in one statement, or beside a change in the change's own statement.

They are rows like those of any resource, but never change and are in no history: the change log
says nothing of them, and audit.seal is their chain (audit_seals.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhirserver.search.hashing import number
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.index_rows import nullable
from fhirserver.storage.versions import array


@dataclass(frozen=True, slots=True)
class EventRow:
    """An AuditEvent as it is stored.

    `recorded` is in microseconds since 1970 UTC; `elements` is written as PostgreSQL wants it;
    `addresses` are the rows of the search parameter address: text, first and last; `more` the
    references that found no room in the content.
    """

    id: str
    self: int
    recorded: int
    owner: int | None
    content: str
    elements: str
    addresses: tuple[tuple[str, bool, bool], ...]
    more: tuple[str, ...] = ()


def insert(target: Connection | Database, rows: Sequence[EventRow]) -> int:
    """Write events in one statement; how many weren't there yet."""
    sql, values = f"WITH {beside()} SELECT count(*) FROM audit_made", parameters(rows)
    if isinstance(target, Database):
        return int(target.write(sql, values)[0][0])
    return int(execute(target, sql, values)[0][0])


def entities_beside(
    target: Connection | Database, keys: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    """By key, the entities of events that found no room in the content: they are found by, too."""
    sql = "SELECT key, refs FROM audit.more WHERE key = ANY(%s::int8[])"
    rows = (
        target.read(sql, (array(keys),))
        if isinstance(target, Database)
        else execute(target, sql, (array(keys),))
    )
    return {key: [{"what": {"reference": r}} for r in refs] for key, refs in rows}


def parameters(rows: Sequence[EventRow], *, expected: int | None = None) -> dict[str, Any]:
    """What `beside` takes; `expected` is how many rows the change must have written."""
    addresses = [(n, *a) for n, row in enumerate(rows, 1) for a in row.addresses]
    made: dict[str, Any] = {
        "audit_id": [r.id for r in rows],
        "audit_self": array(r.self for r in rows),
        "audit_recorded": array(r.recorded for r in rows),
        "audit_owner": nullable(r.owner for r in rows),
        "audit_content": [r.content for r in rows],
        "audit_elements": [f"{{{r.elements}}}" for r in rows],
        "audit_more": ["\n".join(r.more) or None for r in rows],
        "audit_nr": array(a[0] for a in addresses),
        "audit_text": [a[1] for a in addresses],
        "audit_first": "{" + ",".join("t" if a[2] else "f" for a in addresses) + "}",
        "audit_last": "{" + ",".join("t" if a[3] else "f" for a in addresses) + "}",
    }
    if expected is not None:
        made["audit_expected"] = expected
    return made


@cache
def beside(done: str | None = None) -> str:
    """The parts of a WITH that write events.

    With `done`, the part that returns what a change has written: a change that finds that somebody
    was faster writes nothing, and its event isn't written either.
    """
    only = "" if done is None else f"WHERE (SELECT count(*) FROM {done}) = %(audit_expected)s"
    return f"""
audit_new AS MATERIALIZED (
  SELECT nextval('fhir.resource_key') AS key, n.* FROM
  unnest(%(audit_id)b::text[], %(audit_self)s::int8[], %(audit_recorded)s::int8[],
         %(audit_owner)s::int8[], %(audit_content)b::text[], %(audit_elements)b::text[],
         %(audit_more)b::text[])
  WITH ORDINALITY
  AS n (id, self, recorded, owner, content, elements, more, nr) {only}),
audit_made AS (
  INSERT INTO resource."AuditEvent"
    (key, id, version, updated, method, owner, content, self, elements)
  SELECT key, id, 1, date_trunc('milliseconds', clock_timestamp()), 'C', owner, content::jsonb,
         self, elements::int8[]
  FROM audit_new ON CONFLICT (self) DO NOTHING RETURNING key),
audit_dates AS (
  INSERT INTO ix_date."AuditEvent" (key, owner, param, low, high, first, last)
  SELECT key, owner, {number("date")}, recorded, recorded + 1000, true, true
  FROM audit_new JOIN audit_made USING (key)),
audit_addresses AS (
  INSERT INTO ix_string."AuditEvent" (key, owner, param, text, first, last)
  SELECT key, owner, {number("address")}, text, first, last
  FROM unnest(%(audit_nr)s::int8[], %(audit_text)b::text[], %(audit_first)s::boolean[],
              %(audit_last)s::boolean[]) AS a (nr, text, first, last)
  JOIN audit_new USING (nr) JOIN audit_made USING (key)),
audit_overflow AS (
  INSERT INTO audit.more (key, refs)
  SELECT key, string_to_array(more, chr(10)) FROM audit_new JOIN audit_made USING (key)
  WHERE more IS NOT NULL)"""
