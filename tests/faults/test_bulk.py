"""Imports and exports whose workers and database are killed."""

from __future__ import annotations

import pytest

from conformance.faults.bulk import PARTS, kill_while_exporting, kill_while_importing
from conformance.faults.server import running


@pytest.mark.slow
def test_an_import_and_an_export_survive_kill_9_and_double_nothing() -> None:
    with running(**PARTS) as server:
        imported = kill_while_importing(server)
        assert imported.wrong == []
        assert 0 < imported.done_at_kills[0] < imported.done_at_kills[-1]

        exported = kill_while_exporting(server)
        assert exported.wrong == []
        assert 0 < exported.done_at_kills[0] < exported.done_at_kills[-1]
