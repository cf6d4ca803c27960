"""Conditions put together without what says nothing: their SQL stays as short as what they mean."""

from __future__ import annotations

from collections.abc import Iterable

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
    merged = [AnyElement(tuple(elements)), *found] if elements else list(found)
    return merged[0] if len(merged) == 1 else Or(tuple(merged))


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
