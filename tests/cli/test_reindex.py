"""`fhirserver reindex`."""

from __future__ import annotations

from click.testing import CliRunner

from fhirserver.cli import main


def test_what_is_left_is_done(database_url, monkeypatch):
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)

    done = CliRunner().invoke(main, ["reindex", "Basic"])

    assert done.exit_code == 0, done.output
    assert done.output.endswith("the index is complete\n")


def test_a_type_that_is_none_is_told(database_url, monkeypatch):
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)

    done = CliRunner().invoke(main, ["reindex", "Nonsense"])

    assert done.exit_code == 1
    assert "no resource type 'Nonsense'" in done.output
