"""The suite notices when a term of the guard is missing: python -m conformance.access.mutation."""

from __future__ import annotations

import json

import pytest

from conformance.access.mutants import alive, mutants
from conformance.access.mutation import SURVIVORS, noticed
from tests.security.noninterference.suite import twins

ALL = mutants()
PLACES = [
    "storage.current._by_id",
    "storage.history._visible",
    "storage.search_sql.pages._matching",
]


def test_each_term_can_be_left_out_and_comes_back() -> None:
    assert len(ALL) > 30
    for mutant in ALL:
        with alive(mutant):
            pass


def test_who_may_survive_is_there() -> None:
    assert json.loads(SURVIVORS.read_text()).keys() <= {m.place for m in ALL}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_missing_term_is_noticed(database_url: str) -> None:
    with twins(database_url, 1) as pair:
        for place in PLACES:
            mutant = next(m for m in ALL if m.name.startswith(f"{place}:"))
            assert noticed(pair, mutant), mutant.name
