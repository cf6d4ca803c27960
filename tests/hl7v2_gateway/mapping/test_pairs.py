"""Published pairs of messages and Bundles. They are not in the project."""

from __future__ import annotations

import pytest

from conformance.hl7v2.run import FAMILIES, PAIRS, judged


@pytest.mark.skipif(not PAIRS.is_dir(), reason="the pairs aren't here (../shared/data/hl7v2/pairs)")
@pytest.mark.parametrize("family", FAMILIES)
def test_97_percent_of_the_facts_of_a_family_agree(family: str) -> None:
    score = judged(PAIRS / family)

    assert score.pairs
    # One has only ORU in MSH-9: which event it is, it does not say.
    assert len(score.failed) <= score.pairs // 100
    assert score.recall >= 0.97, score.missing.most_common(10)
    assert score.precision >= 0.97, score.extra.most_common(10)
