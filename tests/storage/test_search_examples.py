"""HL7's R4 examples, stored, read back and found by what they say: conformance/search_examples."""

from __future__ import annotations

import pytest

from conformance.search_examples.asking import Server
from conformance.search_examples.examples import FOLDER
from conformance.search_examples.run import run
from conformance.server import client_on


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the R4 examples are not in {FOLDER}")
def test_every_example_is_found_by_what_it_says(own_url):
    report = run(Server(client_on(own_url)))

    assert report.failures == []
    assert report.not_needed == []
    assert report.checks.total() > 100_000
