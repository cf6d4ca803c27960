"""Migrations, and what `db upgrade` puts right after a restore."""

from collections.abc import Iterator

import psycopg
import pytest

from fhirserver.errors import Unavailable
from fhirserver.model import ucum
from fhirserver.search import hashing
from fhirserver.storage import migrate
from fhirserver.storage.change_feed import following
from fhirserver.storage.database import Database


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
        connection.execute(
            "INSERT INTO queue.reader (name, low, high, seq, last) SELECT n, x::xid8, x::xid8, 0, "
            "last FROM (SELECT 'had' AS n, '99999999999' AS x, seq AS last FROM fhir.change "
            "UNION ALL SELECT 'had not', '99999999990', 0) r"
        )

    migrate.upgrade(empty_url)

    with psycopg.connect(empty_url) as connection:
        rows = connection.execute(
            "SELECT pg_visible_in_snapshot(tx, pg_current_snapshot()) FROM fhir.change"
        ).fetchall()
    assert rows == [(True,)]
    database = Database(empty_url)
    for name, changes in (("had", 0), ("had not", 1)):
        with database.transaction() as transaction:
            assert len(following(transaction, name, 10) or ()) == changes
    database.close()


def test_an_older_database_gets_what_is_new_while_it_is_in_use(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute('DROP INDEX ix_number."Observation_size"')
        connection.execute("UPDATE alembic_version SET version_num = '0002'")

    migrate.upgrade(empty_url)

    with psycopg.connect(empty_url) as connection:
        found = connection.execute(
            "SELECT indisvalid FROM pg_index "
            "WHERE indexrelid = 'ix_number.\"Observation_size\"'::regclass"
        ).fetchall()
    assert found == [(True,)]


def test_quantities_of_an_older_release_are_found_in_other_units(empty_url: str) -> None:
    mg, other = (hashing.digest(f"s|{s}|mg") for s in (ucum.SYSTEM, "urn:x"))
    acid = hashing.digest(f"s|{ucum.SYSTEM}|[pH]")
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0004'")
        connection.execute(
            """INSERT INTO resource."Observation"
                 (self, key, updated, version, method, elements, id, content)
               VALUES (1, 1, now(), 1, 'c', '{}', 'a', %s)""",
            [
                """{"component": [
                  {"valueQuantity": {"system": "http://unitsofmeasure.org", "code": "mg"}},
                  {"valueQuantity": {"system": "http://unitsofmeasure.org", "code": "[pH]"}}]}"""
            ],
        )
        for unit, low, high in [(mg, 5.4, 5.4), (mg, 7, "Infinity"), (other, 3, 3), (acid, 7, 9)]:
            connection.execute(
                """INSERT INTO ix_number."Observation" (key, param, unit, low, high)
                   VALUES (1, 1, %s, %s, %s)""",
                [unit, low, high],
            )

    migrate.upgrade(empty_url)

    with psycopg.connect(empty_url) as connection:
        found = connection.execute(
            """SELECT low, unit, base_low, base_high FROM ix_number."Observation" ORDER BY low, high"""
        ).fetchall()
    acidity = hashing.digest("q|1/m3")
    gram = hashing.digest("q|g")
    assert found[0] == (3, other, 3, 3)
    assert found[1] == (5.4, gram, 0.0054, 0.0054)
    assert found[2][1] == acidity
    assert found[2][2] < found[2][3]
    assert found[3] == (7, gram, 0.007, float("inf"))
