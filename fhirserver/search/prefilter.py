"""Whether a resource may meet a condition, by its equality values alone: a no is certain.

So that a change isn't looked up in the database for every search that somebody waits for.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from fhirserver.search.query import And, AnyElement, Condition, Or


def may_meet(condition: Condition, elements: AbstractSet[int]) -> bool:
    """Whether a resource with these elements may meet it.

    >>> may_meet(And((AnyElement((1, 2)), AnyElement((3,)))), {1}), may_meet(AnyElement((1,)), {1})
    (False, True)
    """
    match condition:
        case AnyElement(wanted):
            return not elements.isdisjoint(wanted)
        case And(conditions):
            return all(may_meet(c, elements) for c in conditions)
        case Or(conditions):
            return any(may_meet(c, elements) for c in conditions)
        case _:
            return True


def is_decided(condition: Condition) -> bool:
    """Whether `may_meet` says all there is to say."""
    match condition:
        case AnyElement():
            return True
        case And(conditions) | Or(conditions):
            return all(map(is_decided, conditions))
        case _:
            return False


def needed(condition: Condition) -> frozenset[int] | None:
    """Elements of which a resource that meets it has at least one; None when there are none such.

    >>> needed(And((AnyElement((1, 2)), Or(())))) == {1, 2}
    True
    """
    match condition:
        case AnyElement(wanted):
            return frozenset(wanted)
        case And(conditions):
            return next((n for c in conditions if (n := needed(c)) is not None), None)
        case Or(conditions) if conditions:
            found = [needed(c) for c in conditions]
            known = [n for n in found if n is not None]
            return frozenset().union(*known) if len(known) == len(found) else None
        case _:
            return None
