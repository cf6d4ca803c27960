"""Whether what is stored agrees with itself: versions, index rows and the change log, by SQL.

`everything_wrong` looks at every row of every table; an empty list means that all is well.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from conformance.faults.server import Server
from conformance.faults.writers import Written
from fhirserver.app import open_engine
from fhirserver.model import json as fhir_json
from fhirserver.search.index import IndexValues
from fhirserver.settings import Settings
from fhirserver.storage.audit_events import entities_beside
from fhirserver.storage.database import Database
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.index_rows import ROW_COLUMNS, ROWS_OF
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import OrderedTable, ordered, table
from fhirserver.storage.searches import types_in_use
from fhirserver.storage.store import Store
from fhirserver.storage.tables import kinds_needed
from fhirserver.storage.versions import COLUMNS, version_of

MOST_SHOWN: Final = 20


def everything_wrong(server: Server) -> list[str]:
    """What doesn't agree, over all types."""
    with server.database() as database:
        settings = Settings(database_url=database.url, data_dir=server.data_dir)
        engine = open_engine(settings, database)
        types = types_in_use(database, sorted(engine.context.definitions.resource_types))
        wrong = unknown_index_rows(database, sorted(engine.context.definitions.resource_types))
        for resource_type in types:
            wrong += versions_wrong(database, resource_type)
            # The record of who has seen what has no place in the log of changes.
            if resource_type != "AuditEvent":
                wrong += changes_wrong(database, resource_type)
            wrong += index_wrong(engine.context.store, resource_type)
    return wrong[:MOST_SHOWN]


def versions_wrong(database: Database, resource_type: str) -> list[str]:
    """Versions are 1..n, the newest in the current table, each later than the one before."""
    current, past = table("resource", resource_type), table("history", resource_type)
    gaps = database.read(
        f"SELECT r.id, r.version, count(h.version), min(h.version), max(h.version) "
        f"FROM {current} r LEFT JOIN {past} h USING (key) GROUP BY r.id, r.version, r.key "
        "HAVING count(h.version) <> r.version - 1 "
        "OR (r.version > 1 AND (min(h.version) <> 1 OR max(h.version) <> r.version - 1))"
    )
    times = database.read(
        "SELECT id FROM (SELECT id, updated, lag(updated) OVER (PARTITION BY key ORDER BY version) "
        f"AS before FROM (SELECT id, key, version, updated FROM {current} UNION ALL "
        f"SELECT id, key, version, updated FROM {past}) v) w WHERE updated <= before"
    )
    orphans = database.read(
        f"SELECT id, version FROM {past} h WHERE NOT EXISTS "
        f"(SELECT FROM {current} r WHERE r.key = h.key)"
    )
    return [
        *(f"{resource_type}/{i}: {n} versions before version {v}" for i, v, n, _, _ in gaps),
        *(f"{resource_type}/{i}: lastUpdated doesn't rise" for (i,) in times),
        *(f"{resource_type}/{i}: history version {v} without a resource" for i, v in orphans),
    ]


def changes_wrong(database: Database, resource_type: str) -> list[str]:
    """The change log has exactly one row for each version, and none for anything else."""
    current, past = table("resource", resource_type), table("history", resource_type)
    rows = database.read(
        "SELECT coalesce(v.key, c.key), coalesce(v.version, c.version), coalesce(c.n, 0) FROM "
        f"(SELECT key, version, updated FROM {current} "
        f"UNION ALL SELECT key, version, updated FROM {past}) v FULL JOIN "
        "(SELECT key, version, count(*) AS n, min(updated) AS updated FROM fhir.change "
        "WHERE type = %s GROUP BY 1, 2) c ON c.key = v.key AND c.version = v.version "
        "WHERE v.key IS NULL OR c.n IS DISTINCT FROM 1 OR c.updated <> v.updated",
        (resource_type,),
    )
    return [f"{resource_type} key {k} version {v}: {n} rows in the log" for k, v, n in rows]


def unknown_index_rows(database: Database, types: Iterable[str]) -> list[str]:
    """Index rows of keys that have no current resource."""
    wrong = []
    for resource_type in types:
        current = table("resource", resource_type)
        for kind in sorted(kinds_needed(resource_type)):
            rows = database.read(
                f"SELECT count(*), min(o.key) FROM {ordered(kind, resource_type)} o WHERE NOT EXISTS "
                f"(SELECT FROM {current} r WHERE r.key = o.key AND NOT r.deleted)",
                prepare=False,
            )
            if rows[0][0]:
                wrong.append(f"{rows[0][0]} {kind} rows of {resource_type} without a resource")
    return wrong


def index_wrong(store: Store, resource_type: str) -> list[str]:
    """Resources whose index isn't what their content says: all is extracted again and compared."""
    store, database = replace(store, guard=WHOLE), store.database
    wrong = []
    stored = database.read(
        f"SELECT {COLUMNS}, deleted, elements, owner FROM {table('resource', resource_type)} r"
    )
    # After the resources: an AuditEvent of before is written up to some seconds late.
    rows = {kind: _rows(database, kind, resource_type) for kind in kinds_needed(resource_type)}
    beside = {}
    if resource_type == "AuditEvent":
        keys = [version_of(resource_type, columns).key for *columns, _, _, _ in stored]
        beside = entities_beside(database, keys)
    for *columns, deleted, elements, owner in stored:
        version = version_of(resource_type, columns)
        key, name = version.key, f"{resource_type}/{version.id}"
        values, wanted_owner = IndexValues(), None
        if version.content is not None:
            resource = fhir_json.parse(version.content.encode())
            if key in beside:
                resource["entity"] = [*resource["entity"], *beside[key]]
            values, wanted_owner = store.extract(resource), store.stamp(resource).owner
        if deleted != version.is_deleted:
            wrong.append(f"{name}: deleted is {deleted}")
        # A deletion keeps the elements of what was deleted, for the rules of who may know of it.
        wanted_elements = Counter(values.elements)
        if key in beside:
            # In which role it was touched is known by the elements alone.
            wanted_elements |= Counter(elements)
        if not deleted and Counter(elements) != wanted_elements:
            wrong.append(f"{name}: its elements aren't those of its content")
        # A deleted resource still belongs to whom it belonged, an event to whom it was made for.
        if not (deleted or resource_type == "AuditEvent") and owner != wanted_owner:
            wrong.append(f"{name}: its owner isn't that of its content")
        for kind, there in rows.items():
            wanted = Counter(_comparable(kind, row) for row in getattr(values, ROWS_OF[kind]))
            if there.get(key, Counter()) != wanted:
                wrong.append(f"{name}: its {kind} rows aren't those of its content")
    return wrong


def _rows(
    database: Database, kind: OrderedTable, resource_type: str
) -> dict[int, Counter[tuple[Any, ...]]]:
    names = [name for name, _ in ROW_COLUMNS[kind]]
    found: dict[int, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for key, *values in database.read(
        f"SELECT key, {', '.join(names)} FROM {ordered(kind, resource_type)}"
    ):
        found[key][tuple(values)] += 1
    return found


def _comparable(kind: OrderedTable, row: Any) -> tuple[Any, ...]:
    """A row of search.index as the table has it; both have the same fields in the same order."""
    return tuple(row[: len(ROW_COLUMNS[kind])])


def all_versions(database: Database, resource_type: str) -> Iterator[Version]:
    """Every version of a type."""
    for schema in ("resource", "history"):
        for row in database.read(f"SELECT {COLUMNS} FROM {table(schema, resource_type)} r"):
            yield version_of(resource_type, row)


def lost(server: Server, written: Iterable[Written]) -> list[str]:
    """Acknowledged versions that aren't stored with the content that was sent."""
    by_type: dict[str, list[Written]] = defaultdict(list)
    for one in written:
        by_type[one.type].append(one)
    wrong = []
    with server.database() as database:
        for resource_type, wanted in by_type.items():
            stored = {(v.id, v.version): v.content for v in all_versions(database, resource_type)}
            for one in wanted:
                if (one.id, one.version) not in stored:
                    wrong.append(f"{one.type}/{one.id} version {one.version} is lost")
                elif one.marker not in (stored[one.id, one.version] or ""):
                    wrong.append(f"{one.type}/{one.id} version {one.version} has other content")
    return wrong[:MOST_SHOWN]


def halves(server: Server, resource_type: str, system: str, size: int) -> list[str]:
    """Transactions of which only a part is stored: each tags its `size` new resources alike."""
    seen: Counter[str] = Counter()
    with server.database() as database:
        for version in all_versions(database, resource_type):
            if version.version == 1 and version.content is not None:
                tags = json.loads(version.content)["meta"].get("tag", [])
                seen.update(tag["code"] for tag in tags if tag["system"] == system)
    return [f"transaction {code} has {n} of {size}" for code, n in seen.items() if n != size]
