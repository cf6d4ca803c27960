"""Migrations, and what `db upgrade` puts right after a restore."""

from collections.abc import Iterator

import psycopg
import pytest

from fhirserver.errors import Unavailable
from fhirserver.storage import migrate


@pytest.fixture
def empty_url(database_url: str) -> Iterator[str]:
    """A new database on the same server."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS migration")
        connection.execute("CREATE DATABASE migration")
        yield database_url.replace("/fhirserver?", "/migration?")
        connection.execute("DROP DATABASE migration WITH (FORCE)")


def test_an_empty_database_gets_every_migration_once(empty_url: str) -> None:
    first = migrate.upgrade(empty_url)
    second = migrate.upgrade(empty_url)

    assert first[-1] == migrate.head() == migrate.applied(empty_url)
    assert second == []


def test_a_database_of_a_newer_release_is_refused(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Unavailable, match="newer release"):
        migrate.upgrade(empty_url)


def test_transaction_ids_of_another_cluster_are_settled(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute(
            "INSERT INTO fhir.change (tx, updated, key, version, method, type) "
            "VALUES ('99999999999', now(), 1, 1, 'C', 'Patient')"
        )

    migrate.upgrade(empty_url)

    with psycopg.connect(empty_url) as connection:
        rows = connection.execute(
            "SELECT pg_visible_in_snapshot(tx, pg_current_snapshot()) FROM fhir.change"
        ).fetchall()
    assert rows == [(True,)]


def test_an_older_database_gets_what_is_new_while_it_is_in_use(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute('DROP INDEX ix_number."Observation_unit"')
        connection.execute("UPDATE alembic_version SET version_num = '0002'")

    migrate.upgrade(empty_url)

    with psycopg.connect(empty_url) as connection:
        found = connection.execute(
            "SELECT indisvalid FROM pg_index "
            "WHERE indexrelid = 'ix_number.\"Observation_unit\"'::regclass"
        ).fetchall()
    assert found == [(True,)]
