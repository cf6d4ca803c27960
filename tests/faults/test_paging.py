"""Paging through 10,000 rows while others write."""

from __future__ import annotations

import pytest

from conformance.faults import paging
from conformance.faults.server import running


@pytest.fixture(scope="module")
def empty_server():
    """The types that are paged must hold nothing else."""
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def filled(empty_server):
    return {t: paging.fill(empty_server, t, 10_000) for t in ("Patient", "Observation")}


@pytest.mark.slow
@pytest.mark.parametrize("sort", paging.SORTS)
def test_no_row_is_missing_and_none_is_there_twice(empty_server, filled, sort):
    ids = filled[paging.SORTS[sort][0]]

    walk = paging.walk_while_writing(empty_server, ids, sort)

    assert walk.wrong == []
    assert walk.pages > 90
    assert walk.changes > 0
