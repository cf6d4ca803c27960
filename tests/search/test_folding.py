"""Folding of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fhirserver.search.folding import LONGEST, fold, fold_code


def test_case_accents_and_spaces_do_not_count():
    assert fold("  Éric \t O'Brien-MÜLLER") == "eric o'brien-muller"
    assert fold("Straße") == "strasse"


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
    assert fold_code(fold_code(text)) == fold_code(text)


@given(st.text(min_size=LONGEST))
def test_a_folded_text_is_not_too_long_and_has_no_nul(text):
    assert len(fold(text)) <= LONGEST
    assert "\0" not in fold(text)
