"""Conditions put together without what says nothing: their SQL stays as short as what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from fhirserver.access.access import EVERYTHING, NOTHING
from fhirserver.search.query import And, AnyElement, Condition, Labelled, Not, Or


def both(conditions: Iterable[Condition]) -> Condition:
    """What meets all of the conditions."""
    found: dict[Condition, None] = {}
    for condition in conditions:
        if condition == NOTHING:
            return NOTHING
        parts = condition.conditions if isinstance(condition, And) else (condition,)
        found.update(dict.fromkeys(parts))
    return next(iter(found)) if len(found) == 1 else And(tuple(found))


def either(conditions: Iterable[Condition]) -> Condition:
    """What meets any of the conditions."""
    elements: dict[int, None] = {}
    found: dict[Condition, None] = {}
    for condition in conditions:
        if condition == EVERYTHING:
            return EVERYTHING
        for part in condition.conditions if isinstance(condition, Or) else (condition,):
            if isinstance(part, AnyElement):
                elements.update(dict.fromkeys(part.elements))
            else:
                found[part] = None
    merged = [AnyElement(tuple(elements)), *_joined(found)] if elements else _joined(found)
    return merged[0] if len(merged) == 1 else Or(tuple(merged))


def _joined(alternatives: Iterable[Condition]) -> list[Condition]:
    """Of two alternatives that differ in whether a row has a value, what they have in common.

    Two rules, one for vital signs and one for all else, that let the same people see both.
    """
    left = list(alternatives)
    for one, other in combinations([a for a in left if isinstance(a, And)], 2):
        for mine in one.conditions:
            theirs = never(mine)
            if not isinstance(theirs if isinstance(mine, Not) else mine, AnyElement):
                continue
            rest = [c for c in one.conditions if c != mine]
            if theirs in other.conditions and rest == [c for c in other.conditions if c != theirs]:
                return _joined([both(rest), *(a for a in left if a not in (one, other))])
    return left


def never(condition: Condition) -> Condition:
    """What doesn't meet the condition.

    >>> never(NOTHING) == EVERYTHING, never(EVERYTHING) == NOTHING
    (True, True)
    """
    if isinstance(condition, Not):
        return condition.condition
    if condition == NOTHING or condition == Labelled(()):
        return EVERYTHING
    return NOTHING if condition == EVERYTHING else Not(condition)
