"""Whether a page's matches are all found before they are ordered.

With an ORDER BY that an index delivers and a small LIMIT, PostgreSQL may walk that index until
the page is full. It supposes that matches lie evenly in the order, and they don't: last winter's
are all together, far from the newest row, and it walks the whole table. A fence (OFFSET 0) makes
it find all matches first. That is bad when there are many, so the planner says what it would cost.
See README.md, "Decisions".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from fhirserver.search.query import (
    And,
    Condition,
    HasRow,
    Ids,
    InDates,
    InNumbers,
    OfType,
    Query,
    Updated,
)
from fhirserver.storage.database import Database
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import where
from fhirserver.storage.search_sql.pages import Wanted, is_in_index_order, page

MOST_COST: Final = 4_500.0
"""In the planner's units: what costs so much takes some 10 ms."""
MOST_ROWS: Final = 2_000
TIMES_THE_WALK: Final = 3.0
"""Where a range is asked for, walking is so often dearer than the planner supposes."""
MOST_TYPES: Final = 3
_RANGES: Final = (InDates, InNumbers)
_WIDE: Final = (Ids, Updated, OfType, HasRow)


def is_fenced(database: Database, query: Query, resource_type: str, wanted: Wanted) -> bool:
    """Whether all matches of a type are few enough to be found before they are put in order."""
    if (
        len(query.types) > MOST_TYPES
        or not is_in_index_order(query, resource_type)
        or not _any_is(query.condition, lambda c: not isinstance(c, _WIDE))
    ):
        return False
    build = Builder()
    whole = _planned(
        database,
        build,
        f"SELECT r.key FROM {table('resource', resource_type)} r "
        f"WHERE {where(build, query.condition, resource_type, 'r')}",
    )
    if whole["Total Cost"] <= MOST_COST and whole["Plan Rows"] <= MOST_ROWS:
        return True
    if not _any_is(query.condition, lambda c: isinstance(c, _RANGES)):
        return False
    walked, fenced = (
        _planned(database, build, page(build, query, resource_type, replace(wanted, fenced=fenced)))
        for build, fenced in ((Builder(), False), (Builder(), True))
    )
    return bool(fenced["Total Cost"] <= TIMES_THE_WALK * walked["Total Cost"])


def _planned(database: Database, build: Builder, sql: str) -> dict[str, Any]:
    """What the planner makes of a statement, without running it."""
    rows = database.read(f"EXPLAIN (FORMAT JSON) {sql}", build.parameters, prepare=False)
    plan = rows[0][0]
    found: dict[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return found


def _any_is(condition: Condition, claim: Callable[[Condition], bool]) -> bool:
    """Whether a claim is true of one of the conditions that must all hold."""
    match condition:
        case And(conditions):
            return any(_any_is(c, claim) for c in conditions)
        case _:
            return claim(condition)
