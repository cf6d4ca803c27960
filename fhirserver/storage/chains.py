"""Chains before the search: the resources that a chain goes through, found first.

As a subquery a chain is planned blind: the planner doesn't know how many elements will come out,
and may walk a whole table for a page. Found first, they are constants that it has statistics of
(measured: 1 ms instead of 155). A chain through more than MOST resources stays a subquery, and so
does a reverse chain from more than MOST_SOURCES resources, or to others than the owning patient:
a probe of the index for each candidate takes 25 microseconds. So a page of a reverse chain from
more than FEW_SOURCES is first looked for among the candidates that come first in order (ways.py):
what many refer to soon fills it, before all that refer to it are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fhirserver.errors import TooCostly
from fhirserver.search.query import (
    And,
    AnyElement,
    Chain,
    Condition,
    Not,
    Or,
    Query,
    ReverseChain,
    Selves,
)
from fhirserver.storage.database import Rows, planned
from fhirserver.storage.owners import owner_salts
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import referred_to, where
from fhirserver.storage.store import Store

MOST: Final = 2_000
MOST_SOURCES: Final = 2_000
FEW_SOURCES: Final = 300
SOURCES_A_PROBE: Final = 30
"""So many rows that refer are read while a candidate is probed, beside other work."""
MOST_SOURCES_EVER: Final = 20_000
MOST_CHAINS: Final = 60


def with_chains_found(store: Store, query: Query, *, most_sources: int = MOST_SOURCES) -> Query:
    """The query with its chains replaced by the elements they come to.

    `most_sources`: how many resources a reverse chain may come from.
    """
    condition = chains_found(store, query.condition, query.types, most_sources=most_sources)
    return query if condition is query.condition else replace(query, condition=condition)


def chains_found(
    store: Store,
    condition: Condition,
    types: Sequence[str],
    *,
    most_sources: int = MOST_SOURCES,
) -> Condition:
    """The same for a condition on resources of some types; the innermost chain first."""
    if _chains(condition) > MOST_CHAINS:
        raise TooCostly(f"the search has more than {MOST_CHAINS} chains: ask in several searches")
    return _replaced(store, condition, types, most_sources)


def most_sources(candidates: int) -> int:
    """From how many resources a reverse chain to so many candidates is found first."""
    return min(MOST_SOURCES_EVER, max(MOST_SOURCES, SOURCES_A_PROBE * candidates))


def has_reverse_chain(condition: Condition) -> bool:
    """Whether each candidate has to be asked who refers to it."""
    match condition:
        case ReverseChain():
            return True
        case And(conditions):
            return any(map(has_reverse_chain, conditions))
        case _:
            return False


def _chains(condition: Condition) -> int:
    match condition:
        case Chain(_, _, inner) | ReverseChain(_, _, inner):
            return 1 + _chains(inner)
        case Not(inner):
            return _chains(inner)
        case And(conditions) | Or(conditions):
            return sum(map(_chains, conditions))
        case _:
            return 0


def _replaced(
    store: Store, condition: Condition, types: Sequence[str], most_sources: int
) -> Condition:
    match condition:
        case Chain(_, targets, inner):
            return _found(
                store,
                replace(condition, condition=_replaced(store, inner, targets, most_sources)),
            )
        case ReverseChain(name, _, inner):
            chain = replace(condition, condition=_replaced(store, inner, (name,), most_sources))
            is_of_patients = tuple(types) == ("Patient",)
            return _owners(store, chain, most_sources) if is_of_patients else chain
        case Not(inner):
            return Not(_replaced(store, inner, types, most_sources))
        case And(conditions):
            return And(tuple(_replaced(store, c, types, most_sources) for c in conditions))
        case Or(conditions):
            return Or(tuple(_replaced(store, c, types, most_sources) for c in conditions))
        case _:
            return condition


def _owners(store: Store, chain: ReverseChain, most: int) -> Condition:
    """The patients that rows belong to, where the parameter says that."""
    if chain.salt not in owner_salts(chain.source):
        return chain
    build = Builder(store.guard.searching)
    condition = where(build, chain.condition, chain.source, "h", base=False)
    plan = (
        f"EXPLAIN (FORMAT JSON) SELECT FROM {table('resource', chain.source)} h WHERE {condition}"
    )
    # Even to find the first few of very many takes a while.
    if planned(_rows(store, plan, build))["Plan Rows"] > most:
        return chain
    build = Builder(store.guard.searching)
    found = referred_to(build, chain.source, chain.salt, chain.condition, "Patient", limit=most + 1)
    sql = f"SELECT o, count(*) FROM ({found}) AS s (o) GROUP BY o"
    rows = _rows(store, sql, build)
    if sum(row[1] for row in rows) > most:
        return chain
    return Selves(tuple(row[0] for row in rows))


def _found(store: Store, chain: Chain) -> Condition:
    build = Builder(store.guard.searching, types=len(chain.targets))
    sql = " UNION ALL ".join(
        f"SELECT c.self FROM {table('resource', target)} c "
        f"WHERE {where(build, chain.condition, target, 'c', base=False)}"
        for target in chain.targets
    )
    if not sql:
        return Or(())
    sql = f"{sql} LIMIT {MOST + 1}"
    rows = _rows(store, sql, build)
    if len(rows) > MOST:
        return chain
    return AnyElement(tuple(row[0] ^ chain.salt for row in rows)) if rows else Or(())


def _rows(store: Store, sql: str, build: Builder) -> Rows:
    return store.database.read(sql, build.parameters, prepare=False)
