"""Nobody sees what isn't theirs: an answer is the same whether or not hidden resources exist.

README.md says how. More than the 5,000 questions here: `python -m conformance.access.run`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.noninterference.by_policies import can_be_policy, principal
from tests.security.noninterference.callers import ROLES, at_random
from tests.security.noninterference.suite import Twins, compare, twins

SEED = 20_261_129
CALLERS = [*ROLES, *(at_random(n) for n in range(12))]
READING, WRITING = 175, 80
COMPILED = [c for c in CALLERS if can_be_policy(c)][:9]


@pytest.fixture(scope="module")
def pair(database_url: str) -> Iterator[Twins]:
    with twins(database_url, SEED) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("caller", CALLERS, ids=lambda c: c.name)
def test_hidden_resources_change_no_answer(pair: Twins, caller) -> None:
    report = compare(pair, caller, SEED, reading=READING, writing=WRITING)

    assert not report.problems, "\n".join(report.problems[:10])
    assert report.pairs >= READING + WRITING
    assert report.statuses[200] > READING // 8


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("caller", COMPILED, ids=lambda c: c.name)
def test_nor_when_the_rules_are_a_policy(pair: Twins, caller) -> None:
    who = principal(caller, pair.with_all)
    report = compare(pair, caller, SEED + 1, reading=100, writing=50, who=who)

    assert not report.problems, "\n".join(report.problems[:10])


def test_there_are_five_thousand_questions() -> None:
    assert len(CALLERS) * (READING + WRITING) >= 5_000
