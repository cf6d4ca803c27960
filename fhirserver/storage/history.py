"""Versions in time, newest first: of one resource, of a type, of everything.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhirserver.model import definitions
from fhirserver.storage.database import Database
from fhirserver.storage.guard import NOTHING, is_whole, shown
from fhirserver.storage.numbered import numbered
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen
from fhirserver.storage.searches import types_in_use
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, ready, version_of


@dataclass(frozen=True, slots=True)
class Span:
    """Which versions: written since a time; current at some time in [`at_low`, `at_high`)."""

    since: datetime | None = None
    at_low: datetime | None = None
    at_high: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in a history, and its place in the order."""

    version: Version
    position: tuple[Any, ...]


def of_instance(
    store: Store, resource_type: str, key: int, span: Span, *, limit: int,
    after: Sequence[Any] | None,
) -> list[Entry]:  # fmt: skip
    """The versions of one resource."""
    return _of_tables(store, [resource_type], span, limit=limit, after=after, key=key)


def of_type(
    store: Store, resource_type: str, span: Span, *, limit: int, after: Sequence[Any] | None
) -> list[Entry]:
    """The versions of all resources of a type."""
    return _of_tables(store, [resource_type], span, limit=limit, after=after, key=None)


def of_everything(
    store: Store, span: Span, *, limit: int, after: Sequence[Any] | None
) -> list[Entry]:
    """The versions of all resources: in the order of the change log for who sees all of them."""
    known = definitions.load().resource_types
    if all(is_whole(store.guard.searching(t)) for t in known):
        return _logged(store.database, span, limit=limit, after=after)
    types = [t for t in known if store.guard.searching(t) != NOTHING]
    in_use = types_in_use(store.database, types) if types else ()
    return _of_tables(store, in_use, span, limit=limit, after=after, key=None)


def _logged(
    database: Database, span: Span, *, limit: int, after: Sequence[Any] | None
) -> list[Entry]:
    parameters: dict[str, Any] = {"limit": limit}
    conditions = _span(span, parameters, "fhir.change", "c", any_type=True)
    if after is not None:
        parameters |= {"updated": after[0], "seq": after[1]}
        conditions.append("(c.updated, c.seq) < (%(updated)s, %(seq)s)")
    changes = database.read(
        "SELECT c.type, c.key, c.version, c.updated, c.seq FROM fhir.change c "
        f"WHERE {' AND '.join(conditions) or 'true'} "
        "ORDER BY c.updated DESC, c.seq DESC LIMIT %(limit)s",
        parameters,
        prepare=False,
    )
    versions = numbered(database, [(row[0], row[1], row[2]) for row in changes])
    return [
        Entry(versions[row[0], row[1], row[2]], (row[3], row[4]))
        for row in changes
        if (row[0], row[1], row[2]) in versions
    ]


def count_instance(store: Store, resource_type: str, key: int) -> int:
    """How many versions one resource has."""
    build = Builder(store.guard.reading)
    sql = " + ".join(
        f"(SELECT count(*) FROM {table(schema, resource_type)} r "
        f"WHERE r.key = %(key)s AND {_visible(build, schema, resource_type)})"
        for schema in ("resource", "history")
    )
    return int(store.database.read(f"SELECT {sql}", {"key": key, **build.parameters})[0][0])


def _of_tables(
    store: Store, types: Sequence[str], span: Span, *, limit: int,
    after: Sequence[Any] | None, key: int | None,
) -> list[Entry]:  # fmt: skip
    """The versions of some types, or of one resource, that are there for the caller.

    Keys are unique among all types, so they order versions that were written at the same time.
    """
    if not types:
        return []
    parameters: dict[str, Any] = {"limit": limit}
    see = store.guard.searching if key is None else store.guard.reading
    build = Builder(see, types=2 * len(types))
    parts = []
    for resource_type in types:
        for schema in ("resource", "history"):
            name = table(schema, resource_type)
            conditions = _span(span, parameters, name, "r", any_type=False, type_=resource_type)
            conditions.append(_visible(build, schema, resource_type))
            if key is not None:
                parameters["key"] = key
                conditions.append("r.key = %(key)s")
            if after is not None:
                parameters |= {"updated": after[0], "after_key": after[1], "version": after[2]}
                conditions.append(
                    "(r.updated, r.key, r.version) < (%(updated)s, %(after_key)s, %(version)s)"
                )
            parts.append(
                f"(SELECT '{resource_type}' AS type, {COLUMNS} FROM {name} r "
                f"WHERE {' AND '.join(conditions)} "
                "ORDER BY r.updated DESC, r.key DESC, r.version DESC LIMIT %(limit)s)"
            )
    rows = store.database.read(
        f"SELECT * FROM ({' UNION ALL '.join(parts)}) v "
        "ORDER BY updated DESC, key DESC, version DESC LIMIT %(limit)s",
        parameters | build.parameters,
        prepare=False,
    )
    versions = [shown(store.guard, version_of(row[0], row[1:])) for row in ready(rows, before=1)]
    return [Entry(v, (v.updated, v.key, v.version)) for v in versions]


def _visible(build: Builder, schema: str, resource_type: str) -> str:
    """That a version is there for the caller: as it was, and the resource as it is now."""
    own = seen(build, resource_type, "r", is_past=schema == "history")
    if schema == "resource" or is_whole(build.see(resource_type)):
        return own
    now = seen(build, resource_type, "c")
    return (
        f"{own} AND EXISTS (SELECT FROM {table('resource', resource_type)} c "
        f"WHERE c.key = r.key AND {now})"
    )


def _span(
    span: Span, parameters: dict[str, Any], name: str, r: str, *, any_type: bool, type_: str = ""
) -> list[str]:
    conditions = []
    if span.since is not None:
        parameters["since"] = span.since
        conditions.append(f"{r}.updated >= %(since)s")
    if span.at_low is not None:
        parameters |= {"at_low": span.at_low, "at_high": span.at_high}
        conditions.append(f"{r}.updated < %(at_high)s")
        # A version is no longer current once its successor has been written.
        later = "fhir.change n" if any_type else f"{table('history', type_)} n"
        same_type = f"n.type = {r}.type AND " if any_type else ""
        successor = (
            f"EXISTS (SELECT FROM {later} WHERE {same_type}n.key = {r}.key "
            f"AND n.version = {r}.version + 1 AND n.updated <= %(at_low)s)"
        )
        if not any_type and name.startswith("history"):
            successor += (
                f" OR EXISTS (SELECT FROM {table('resource', type_)} n WHERE n.key = {r}.key "
                f"AND n.version = {r}.version + 1 AND n.updated <= %(at_low)s)"
            )
        if any_type or name.startswith("history"):
            conditions.append(f"({r}.updated >= %(at_low)s OR NOT ({successor}))")
    return conditions
