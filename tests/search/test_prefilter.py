"""What equality values rule out isn't looked up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fhirserver.search.prefilter import is_decided, may_meet, needed
from fhirserver.search.query import And, AnyElement, HasRow, Not, Or

ELEMENTS = st.integers(0, 5)
CONDITIONS = st.recursive(
    st.builds(AnyElement, st.lists(ELEMENTS, min_size=1, max_size=3).map(tuple)),
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


def meets(condition, held):
    match condition:
        case AnyElement(wanted):
            return bool(set(wanted) & held)
        case And(conditions):
            return all(meets(c, held) for c in conditions)
        case Or(conditions):
            return any(meets(c, held) for c in conditions)


@given(CONDITIONS, st.frozensets(ELEMENTS))
def test_of_elements_alone_it_says_all_there_is_to_say(condition, held):
    assert is_decided(condition)
    assert may_meet(condition, held) == meets(condition, held)


@given(CONDITIONS, st.frozensets(ELEMENTS))
def test_who_meets_it_has_one_of_what_is_needed(condition, held):
    least = needed(condition)

    if least is not None and meets(condition, held):
        assert least & held


def test_what_it_does_not_know_may_be():
    for condition in (Not(AnyElement((1,))), HasRow("date", 1)):
        assert may_meet(condition, frozenset())
        assert not is_decided(condition)
        assert needed(condition) is None
        assert needed(Or((condition, AnyElement((1,))))) is None
    assert not may_meet(And((HasRow("date", 1), AnyElement((1,)))), frozenset())
