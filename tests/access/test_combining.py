"""Conditions put together say no more than they must."""

from __future__ import annotations

from fhirserver.access.combining import both, either, never
from fhirserver.search.query import And, AnyElement, CaredFor, Labelled, Or

VITAL = AnyElement((1,))
OTHER = AnyElement((2,))
MINE = CaredFor((7,), ("treatment",))
YOURS = CaredFor((8,), ("treatment",))


def test_two_rules_that_let_the_same_people_see_all_are_one():
    assert either([both([MINE, VITAL]), both([MINE, never(VITAL)])]) == MINE
    assert either([both([MINE, never(VITAL)]), both([VITAL, MINE]), YOURS]) == Or((MINE, YOURS))


def test_two_rules_for_different_people_stay_two():
    for rules in (
        [both([MINE, VITAL]), both([YOURS, never(VITAL)])],
        [both([MINE, VITAL]), both([MINE, never(OTHER)])],
        [both([MINE, VITAL]), both([MINE, OTHER])],
    ):
        assert either(rules) == Or(tuple(rules))


def test_what_may_be_unknown_of_a_row_is_never_left_out():
    # A row may have no owner: then neither of the two holds.
    rules = [both([MINE, YOURS]), both([MINE, never(YOURS)])]
    assert either(rules) == Or(tuple(rules))
    labelled = [both([MINE, Labelled((1,))]), both([MINE, never(Labelled((1,)))])]
    assert either(labelled) == Or(tuple(labelled))


def test_nothing_is_left_of_conditions_that_hold_for_every_row():
    assert either([both([VITAL]), both([never(VITAL)])]) == Or((VITAL, never(VITAL)))
    assert both([]) == And(())
