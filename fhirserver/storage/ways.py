"""The ways to find a page: all matches first, or along an index until the page is full.

With an ORDER BY that an index delivers and a small LIMIT, walking the index is fast where matches
lie evenly in the order, and looks at the whole table where they don't: last winter's are all
together, far from the newest row. Finding all matches first (a fence, OFFSET 0) takes as long as
there are matches. The planner says how many there are and what finding them costs. So a walk is
allowed some times the rows that it should need, as long as finding all costs more; if the page
isn't full by then, the next way is taken. See README.md, "Decisions".
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
    OfType,
    Query,
    Updated,
)
from fhirserver.storage.database import planned
from fhirserver.storage.experience import Lesson
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.pages import (
    Wanted,
    all_matches,
    is_in_index_order,
    is_of_rows,
)
from fhirserver.storage.search_sql.sorting import driver
from fhirserver.storage.store import Store

LITTLE_COST: Final = 500.0
"""In the planner's units: to find all matches for so much takes a millisecond or two."""
COST_OF_A_MATCH: Final = 0.15
"""What it costs to put a match in order, in the same units, where nothing else is done with it."""
COST_OF_A_STEP: Final = 0.08
"""What a step along an index costs."""
COST_OF_A_LOOK: Final = 0.6
"""What it costs to look at the resource, or the value, of a row by its key."""
MOST_COST: Final = 4_500.0
"""What costs so much takes some 10 ms."""
MOST_COST_UNEVEN: Final = 20_000.0
COST_UNEVEN_A_ROW: Final = 0.1
"""What it may cost to find all matches, for each row of the type, when walks found too few."""
TIMES_EVEN: Final = (3, 24, 192)
"""A walk may look at so many times the rows that it needs where matches lie evenly."""
LEAST_COST: Final = 150.0
"""A walk that costs so little takes no longer than asking for it."""
MOST_WALKED: Final = 20_000
SHARE_WALKED: Final = 0.5
"""How much of what it may look at a walk looks at before the page is full, or so."""
PROBED: Final = 4
"""So many candidates, for each row of the page, are asked who refers to them."""
MOST_TYPES: Final = 3
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
    lesson = _lesson(store, query, resource_type, wanted)
    rows = store.sizes.rows(resource_type)
    even = wanted.limit * rows / max(lesson.matches, 1)
    step = COST_OF_A_LOOK
    cost = lesson.cost
    if is_of_rows(store.guard.searching, query, resource_type, wanted):
        step = COST_OF_A_STEP
        cost += COST_OF_A_MATCH * lesson.matches
    elif driver(query.sort, resource_type) is not None:
        cost += COST_OF_A_LOOK * lesson.matches
    has_value = wanted.after is None or wanted.after.part == 0
    walked = 0
    for number, times in enumerate(TIMES_EVEN if len(query.types) == 1 and has_value else ()):
        most = max(round(LEAST_COST / step), round(times * even))
        if cost <= max(LITTLE_COST, SHARE_WALKED * step * most):
            yield replace(wanted, fenced=True)
            return
        if 2 * walked < most <= min(MOST_WALKED, rows // 2):
            walked = most
            if wanted.after is not None:
                yield replace(wanted, most_walked=most)
            elif number >= lesson.failed_walks:
                yield replace(wanted, most_walked=most)
                lesson.failed_walks = number + 1
    if walked:
        yield replace(wanted, fenced=cost <= min(MOST_COST_UNEVEN, COST_UNEVEN_A_ROW * rows))
    else:
        yield replace(wanted, fenced=cost <= MOST_COST)


def before_chains(store: Store, query: Query, resource_type: str, wanted: Wanted) -> Wanted | None:
    """How to look for a page before a reverse chain is found, by asking candidates one by one.

    All of them where the other conditions leave few, which is sure; or those that come first.
    """
    if not is_in_index_order(query, resource_type):
        return None
    if _lesson(store, query, resource_type, wanted).cost <= LITTLE_COST:
        return replace(wanted, fenced=True)
    return replace(wanted, most_walked=PROBED * wanted.limit)


def _lesson(store: Store, query: Query, resource_type: str, wanted: Wanted) -> Lesson:
    """What is known of the search, or what the planner says."""
    visible = store.guard.searching(resource_type)
    search = (resource_type, query.condition, query.sort, visible)
    lesson = store.experience.of(search)
    if lesson is None:
        lesson = Lesson(*_whole(store, query, resource_type, wanted))
        store.experience.keep(search, lesson)
    return lesson


def _whole(store: Store, query: Query, resource_type: str, wanted: Wanted) -> tuple[float, float]:
    """What it would cost to find all matches, and how many there are."""
    build = Builder(store.guard.searching)
    sql = f"EXPLAIN (FORMAT JSON) {all_matches(build, query, resource_type, wanted)}"
    plan = planned(store.database.read(sql, build.parameters, prepare=False))
    return plan["Total Cost"], plan["Plan Rows"]


def _any_is(condition: Condition, claim: Callable[[Condition], bool]) -> bool:
    """Whether a claim is true of one of the conditions that must all hold."""
    match condition:
        case And(conditions):
            return any(_any_is(c, claim) for c in conditions)
        case _:
            return claim(condition)
