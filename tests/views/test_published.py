"""The tests of SQL on FHIR, each a test here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.sql_on_fhir import run

pytestmark = pytest.mark.skipif(
    not run.DATA.exists(), reason="../shared/data/sql-on-fhir-v2 is not at hand"
)
EXPECTED = json.loads(run.EXPECTED.read_text())


@pytest.mark.parametrize(
    ("case", "resources"),
    [pytest.param(case, resources, id=name) for name, case, resources in run.cases()],
)
def test_the_guides_view_gives_the_guides_rows(
    case: Mapping[str, Any], resources: list[Mapping[str, Any]], request: pytest.FixtureRequest
) -> None:
    found = run.trouble(case, resources)

    assert (found is not None) == (request.node.callspec.id in EXPECTED), found
