"""Chains before the search: the resources that a chain goes through, found first.

As a subquery a chain is planned blind: the planner doesn't know how many elements will come out,
and may walk a whole table for a page. Found first, they are constants that it has statistics of
(measured: 1 ms instead of 155). A chain through more than MOST resources stays a subquery.
"""

from __future__ import annotations

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
)
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import where

MOST: Final = 2_000
MOST_CHAINS: Final = 60


def with_chains_found(source: Database | Connection, query: Query) -> Query:
    """The query with its chains replaced by the elements they come to."""
    condition = chains_found(source, query.condition)
    return query if condition is query.condition else replace(query, condition=condition)


def chains_found(source: Database | Connection, condition: Condition) -> Condition:
    """The same for a condition; the innermost chain first, one statement for each."""
    if _chains(condition) > MOST_CHAINS:
        raise TooCostly(f"the search has more than {MOST_CHAINS} chains: ask in several searches")
    return _replaced(source, condition)


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


def _replaced(source: Database | Connection, condition: Condition) -> Condition:
    match condition:
        case Chain(_, _, inner):
            return _found(source, replace(condition, condition=_replaced(source, inner)))
        case ReverseChain(_, _, inner):
            return replace(condition, condition=_replaced(source, inner))
        case Not(inner):
            return Not(_replaced(source, inner))
        case And(conditions):
            return And(tuple(_replaced(source, c) for c in conditions))
        case Or(conditions):
            return Or(tuple(_replaced(source, c) for c in conditions))
        case _:
            return condition


def _found(source: Database | Connection, chain: Chain) -> Condition:
    build = Builder(types=len(chain.targets))
    sql = " UNION ALL ".join(
        f"SELECT c.self FROM {table('resource', target)} c "
        f"WHERE {where(build, chain.condition, target, 'c', base=False)}"
        for target in chain.targets
    )
    if not sql:
        return Or(())
    sql = f"{sql} LIMIT {MOST + 1}"
    rows = (
        source.read(sql, build.parameters, prepare=False)
        if isinstance(source, Database)
        else execute(source, sql, build.parameters, prepare=False)
    )
    if len(rows) > MOST:
        return chain
    return AnyElement(tuple(row[0] ^ chain.salt for row in rows)) if rows else Or(())
