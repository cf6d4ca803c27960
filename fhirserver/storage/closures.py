"""Closure tables: the concepts that a client has named, and which of them is below which.

https://hl7.org/fhir/R4/terminology-service.html#closure
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.errors import NotFound, TooCostly, Unprocessable
from fhirserver.model import json
from fhirserver.storage.database import Connection, Database, execute

MOST_TABLES: Final = 1_000
MOST_CONCEPTS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Placed:
    """A concept to be added, with everything above it in its code system."""

    system: str
    code: str
    ancestors: Sequence[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """`code` is below `ancestor`."""

    system: str
    code: str
    ancestor: str


@dataclass(frozen=True, slots=True)
class Closure:
    """What a client is told: the version it has now, and the entries that it hasn't seen."""

    version: int
    entries: Sequence[Entry]
    systems: Mapping[str, str]


def begin(database: Database, owner: str, name: str) -> Closure:
    """An empty table of that name, in the place of any that is there."""
    with database.transaction() as connection:
        execute(
            connection,
            "DELETE FROM terminology.client_closure WHERE owner = %s AND name = %s",
            (owner, name),
        )
        count = execute(
            connection,
            "SELECT count(*) FROM terminology.client_closure WHERE owner = %s",
            (owner,),
        )
        if count[0][0] >= MOST_TABLES:
            raise TooCostly(f"a client has no more than {MOST_TABLES} closure tables")
        execute(
            connection,
            "INSERT INTO terminology.client_closure (owner, name) VALUES (%s, %s)",
            (owner, name),
        )
    return Closure(0, (), {})


def add(
    database: Database,
    owner: str,
    name: str,
    concepts: Iterable[Placed],
    systems: Mapping[str, str],
) -> Closure:
    """Add concepts; the entries that come with them, all or nothing.

    `systems` are the versions of the code systems of these concepts. Raises NotFound for a table
    that was never begun, and Unprocessable when a code system has changed since: entries that the
    client has may be wrong now, and it must begin again.
    """
    with database.transaction() as connection:
        closure, version, count, known = _locked(connection, owner, name)
        for url, there in systems.items():
            if known.get(url, there) != there:
                raise Unprocessable(f"the code system {url} has another version than when the "
                                    "closure table was begun: begin it again, with its name "
                                    "alone")  # fmt: skip
        new = _inserted(connection, closure, concepts)
        if not new:
            return Closure(version, (), known)
        if count + len(new) > MOST_CONCEPTS:
            raise TooCostly(f"a closure table has no more than {MOST_CONCEPTS} concepts")
        version += 1
        entries = _related(connection, closure, version, new)
        known = {**known, **systems}
        execute(
            connection,
            "UPDATE terminology.client_closure SET version = %s, concepts = concepts + %s, "
            "systems = %s::jsonb, used = now() WHERE id = %s",
            (version, len(new), json.dump(known).decode(), closure),
        )
    return Closure(version, entries, known)


def since(database: Database, owner: str, name: str, version: int) -> Closure:
    """What the client was told after a version, again."""
    rows = database.read(
        "SELECT id, version, systems::text FROM terminology.client_closure "
        "WHERE owner = %s AND name = %s",
        (owner, name),
    )
    if not rows:
        raise _unknown()
    closure, current, systems = rows[0]
    if version > current:
        raise Unprocessable(f"the closure table is at version {current}: begin it again, with its "
                            "name alone")  # fmt: skip
    entries = database.read(
        "SELECT system, code, ancestor FROM terminology.client_closure_entry "
        "WHERE closure = %s AND version > %s AND version <= %s ORDER BY system, code, ancestor",
        (closure, version, current),
    )
    return Closure(current, [Entry(*row) for row in entries], _texts(systems))


def _locked(connection: Connection, owner: str, name: str) -> tuple[int, int, int, dict[str, str]]:
    # Two additions at once must see each other's concepts.
    rows = execute(
        connection,
        "SELECT id, version, concepts, systems::text FROM terminology.client_closure "
        "WHERE owner = %s AND name = %s FOR UPDATE",
        (owner, name),
    )
    if not rows:
        raise _unknown()
    return rows[0][0], rows[0][1], rows[0][2], _texts(rows[0][3])


def _inserted(
    connection: Connection, closure: int, concepts: Iterable[Placed]
) -> list[tuple[str, str]]:
    """Those that weren't there yet."""
    given = list(concepts)
    rows = execute(
        connection,
        "INSERT INTO terminology.client_closure_concept (closure, system, code, ancestors) "
        "SELECT %s, g.system, g.code, ARRAY(SELECT jsonb_array_elements_text(g.above::jsonb)) "
        "FROM unnest(%s::text[], %s::text[], %s::text[]) AS g (system, code, above) "
        "ON CONFLICT DO NOTHING RETURNING system, code",
        (
            closure,
            [c.system for c in given],
            [c.code for c in given],
            [json.dump(list(c.ancestors)).decode() for c in given],
        ),
    )
    return [(row[0], row[1]) for row in rows]


def _related(
    connection: Connection, closure: int, version: int, new: Sequence[tuple[str, str]]
) -> list[Entry]:
    """The pairs of which at least one is new: those below new ones, and those above."""
    rows = execute(
        connection,
        "WITH new AS MATERIALIZED ("
        "SELECT * FROM unnest(%(systems)s::text[], %(codes)s::text[]) AS n (system, code)), "
        "pairs AS ("
        "SELECT c.system, c.code, n.code AS ancestor FROM new n "
        "JOIN terminology.client_closure_concept c ON c.closure = %(closure)s "
        "AND c.system = n.system AND n.code = ANY(c.ancestors) "
        "UNION "
        "SELECT c.system, c.code, a.code FROM new n "
        "JOIN terminology.client_closure_concept c ON c.closure = %(closure)s "
        "AND c.system = n.system AND c.code = n.code "
        "CROSS JOIN LATERAL unnest(c.ancestors) AS u (code) "
        "JOIN terminology.client_closure_concept a ON a.closure = %(closure)s "
        "AND a.system = c.system AND a.code = u.code) "
        "INSERT INTO terminology.client_closure_entry (closure, version, system, code, ancestor) "
        "SELECT %(closure)s, %(version)s, system, code, ancestor FROM pairs "
        "RETURNING system, code, ancestor",
        {
            "closure": closure,
            "version": version,
            "systems": [system for system, _ in new],
            "codes": [code for _, code in new],
        },
    )
    return sorted((Entry(*row) for row in rows), key=lambda e: (e.system, e.code, e.ancestor))


def _texts(found: str) -> dict[str, str]:
    return {k: str(v) for k, v in json.parse_object(found.encode()).items()}


def _unknown() -> NotFound:
    return NotFound("there is no closure table of this name: begin it, with its name alone")
