"""`fhirserver audit`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fhirserver import ids
from fhirserver.audit.event import Caller, Event
from fhirserver.audit.recorder import FOLDER
from fhirserver.audit.refused import set_aside
from fhirserver.cli import main
from tests.databases import a_database


@pytest.fixture
def run(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Result]]:
    monkeypatch.setenv("FHIRSERVER_DATA_DIR", str(tmp_path))
    with a_database(database_url, "audit_command") as url:
        monkeypatch.setenv("FHIRSERVER_DATABASE_URL", url)
        yield lambda *arguments: CliRunner().invoke(main, ["audit", *arguments])


def test_what_was_sealed_is_verified(run: Callable[..., Result]) -> None:
    sealed, verified = run("seal"), run("verify")

    assert sealed.exit_code == verified.exit_code == 0, (sealed.output, verified.output)
    assert "events are as they were sealed" in verified.output


def test_events_that_the_database_refused_are_told(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    event = Event(ids.new(), 1, "read", "R", Caller(client="test"))
    set_aside(tmp_path / FOLDER, event, ValueError())

    done = run("verify")

    assert done.exit_code == 1
    assert f"{event.id}.json" in done.output
    assert "events are as they were sealed" in done.output
