"""The ways to find a page: all matches first, or along an index until the page is full.

With an ORDER BY that an index delivers and a small LIMIT, walking the index is fast where matches
lie evenly in the order, and looks at the whole table where they don't: last winter's are all
together, far from the newest row. Finding all matches first (a fence, OFFSET 0) is fast where they
are few. The planner says how many there are, and supposes that they lie evenly. So a walk is
allowed some times the rows that it should need; if the page isn't full by then, the next way is
taken. See README.md, "Decisions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

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
from fhirserver.storage.database import Database, planned
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.pages import Wanted, all_matches, is_in_index_order
from fhirserver.storage.store import Store

LITTLE_COST: Final = 500.0
"""In the planner's units: to find all matches of a range for so much takes a millisecond or two."""
COST_OF_A_STEP: Final = 0.3
"""What a step along an index costs, in the same units."""
MOST_COST: Final = 4_500.0
"""What costs so much takes some 10 ms."""
MOST_ROWS: Final = 2_000
MOST_COST_UNEVEN: Final = 20_000.0
COST_UNEVEN_A_ROW: Final = 0.1
"""What it may cost to find all matches, for each row of the type, when walks found too few."""
TIMES_EVEN: Final = (3, 24, 192)
"""A walk may look at so many times the rows that it needs where matches lie evenly."""
LEAST_WALKED: Final = 500
MOST_WALKED: Final = 20_000
MOST_TYPES: Final = 3
_RANGES: Final = (InDates, InNumbers)
_WIDE: Final = (Ids, Updated, OfType, HasRow)


def ways(store: Store, query: Query, resource_type: str, wanted: Wanted) -> Iterator[Wanted]:
    """How to look for a page: each way fills it or says nothing, except the last, which is sure."""
    if (
        len(query.types) > MOST_TYPES
        or not is_in_index_order(query, resource_type)
        or not _any_is(query.condition, lambda c: not isinstance(c, _WIDE))
    ):
        yield wanted
        return
    cost, matches = _whole(store.database, query, resource_type, wanted)
    rows = store.sizes.rows(resource_type)
    even = wanted.limit * rows / max(matches, 1)
    has_range = _any_is(query.condition, lambda c: isinstance(c, _RANGES))
    most_cost = max(LITTLE_COST, COST_OF_A_STEP * even) if has_range else MOST_COST
    if cost <= most_cost and matches <= MOST_ROWS:
        yield replace(wanted, fenced=True)
        return
    has_value = wanted.after is None or wanted.after.part == 0
    walked = False
    for times in TIMES_EVEN if len(query.types) == 1 and has_value else ():
        most = max(LEAST_WALKED, round(times * even))
        if most <= min(MOST_WALKED, rows // 2):
            yield replace(wanted, most_walked=most)
            walked = True
    if walked:
        yield replace(wanted, fenced=cost <= min(MOST_COST_UNEVEN, COST_UNEVEN_A_ROW * rows))
    else:
        yield replace(wanted, fenced=cost <= MOST_COST)


def _whole(
    database: Database, query: Query, resource_type: str, wanted: Wanted
) -> tuple[float, float]:
    """What it would cost to find all matches, and how many there are."""
    build = Builder()
    sql = f"EXPLAIN (FORMAT JSON) {all_matches(build, query, resource_type, wanted)}"
    plan = planned(database.read(sql, build.parameters, prepare=False))
    return plan["Total Cost"], plan["Plan Rows"]


def _any_is(condition: Condition, claim: Callable[[Condition], bool]) -> bool:
    """Whether a claim is true of one of the conditions that must all hold."""
    match condition:
        case And(conditions):
            return any(_any_is(c, claim) for c in conditions)
        case _:
            return claim(condition)
