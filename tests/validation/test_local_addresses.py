"""The addresses within a resource are found the same way, fast or value by value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.validation.common_invariants import _local, _walked

TEXTS = st.one_of(
    st.text(alphabet='#ab"\\<div>é\n', max_size=8),
    st.sampled_from(
        ["#a", '"#a"', "<div><a href='#b'/></div>", "#", '#a"b', "x#a", '\\"#c', "#\\"]
    ),
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none()),
    lambda inside: st.one_of(
        st.lists(inside, max_size=4),
        st.dictionaries(st.sampled_from(["reference", "id", "text"]), inside, max_size=3),
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["contained", "subject", "text"]), VALUES, max_size=3))
def test_both_ways_find_the_same(resource: dict[str, Any]) -> None:
    assert _local(resource) == _walked(resource)


@pytest.mark.parametrize("text", ['a"#b', '#a"#b', "\\#a", '"#', '#a\\"'])
def test_quotation_marks_and_escapes_deceive_neither(text: str) -> None:
    resource = {"subject": {"reference": text}, "note": ["#x"]}

    assert _local(resource) == _walked(resource) == {t for t in ("#x", text) if t[0] == "#"}
