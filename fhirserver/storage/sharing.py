"""What was shared with whom: rows that follow the Consents that say so, in their transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.search.query import Condition
from fhirserver.storage.care import time
from fhirserver.storage.database import Connection, execute
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen
from fhirserver.storage.versions import array


@dataclass(frozen=True, slots=True, order=True)
class ShareRow:
    """`source` is the key of the Consent; times are microseconds since 1970 UTC."""

    source: int
    target: int
    actor: int
    starts: int
    ends: int


_VALUES: Final = """unnest(%(source)s::int8[], %(target)s::int8[], %(actor)s::int8[],
  %(starts)s::int8[], %(ends)s::int8[]) AS u (source, target, actor, s, e)"""
_PUT: Final = f"""
WITH gone AS (DELETE FROM access.share WHERE source = ANY(%(sources)s::int8[]))
INSERT INTO access.share (source, target, actor, starts, ends)
SELECT source, target, actor, {time("s")}, {time("e")} FROM {_VALUES}"""
_ADDED: Final = f"""
SELECT u.source, u.target, u.actor, u.s, u.e FROM {_VALUES} WHERE NOT EXISTS (
  SELECT FROM access.share h WHERE (h.source, h.target, h.actor) = (u.source, u.target, u.actor)
  AND h.starts <= {time("u.s")} AND h.ends >= {time("u.e")})"""


def put_shares(connection: Connection, sources: Collection[int], rows: Sequence[ShareRow]) -> None:
    """Make these what these Consents share, and there is nothing else of theirs."""
    execute(connection, _PUT, {"sources": array(sources), **_columns(rows)})


def added(connection: Connection, rows: Sequence[ShareRow]) -> set[ShareRow]:
    """Those that open more than their Consents did before."""
    return {ShareRow(*row) for row in execute(connection, _ADDED, _columns(rows))}


def shareable(
    connection: Connection,
    resource_type: str,
    patient: int,
    targets: Collection[int],
    condition: Condition,
) -> set[int]:
    """Which of the targets (digests) are there, are the patient's and meet a condition."""
    build = Builder(lambda _: condition, is_settled=True)
    rows = execute(
        connection,
        f"SELECT r.self FROM {table('resource', resource_type)} r "
        f"WHERE r.self = ANY({build.bind_array(targets)}) AND NOT r.deleted "
        f"AND r.owner = {build.bind(patient, 'int8')} AND {seen(build, resource_type, 'r')}",
        build.parameters,
        prepare=False,
    )
    return {row[0] for row in rows}


def _columns(rows: Sequence[ShareRow]) -> dict[str, str]:
    return {
        "source": array(r.source for r in rows),
        "target": array(r.target for r in rows),
        "actor": array(r.actor for r in rows),
        "starts": array(r.starts for r in rows),
        "ends": array(r.ends for r in rows),
    }
