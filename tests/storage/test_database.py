"""Connections: what happens to those that PostgreSQL has ended."""

from __future__ import annotations

import pytest

from fhirserver.errors import Unavailable


def cut(database, role):
    """End a connection of this thread from the server's side, as a restart does."""
    pid = database.connection(role).info.backend_pid
    other = "write" if role == "read" else "read"
    database.connection(other).execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.parametrize("role", ["read", "write"])
def test_a_connection_that_was_cut_while_idle_is_replaced_before_it_is_used(database, role):
    cut(database, role)

    assert getattr(database, role)("SELECT 1") == [(1,)]


def test_a_row_is_asked_again_on_a_new_connection_when_its_own_was_cut(database):
    assert database.row("SELECT 7, NULL") == ("7", "")
    cut(database, "read")

    assert database.row("SELECT 7, NULL") == ("7", "")


def test_each_statement_has_its_own_row(database):
    assert [database.row(f"SELECT {n}") for n in (7, 8, 7)] == [("7",), ("8",), ("7",)]


NEW = "SELECT gen_random_uuid()"


def test_a_row_is_asked_once_in_a_request_and_anew_in_the_next(database):
    with database.within(10):
        first = database.row(NEW)
        assert database.row(NEW) == first
    with database.within(10):
        assert database.row(NEW) != first
    assert database.row(NEW) != database.row(NEW)


@pytest.mark.parametrize("write", ["write", "write_aside", "transaction"])
def test_a_row_is_asked_anew_after_a_write_of_the_same_request(database, write):
    with database.within(10):
        before = database.row(NEW)
        if write == "transaction":
            with database.transaction():
                pass
        else:
            getattr(database, write)("SELECT 1")
        assert database.row(NEW) != before


def test_a_point_is_read_beside_a_transaction_not_within(database):
    with database.transaction() as connection:
        connection.execute("CREATE TABLE pg_temp.made (n int)")
        inside = connection.info.backend_pid

        assert database.point("SELECT pg_backend_pid()", ()) != [(inside,)]
    assert database.point("SELECT pg_backend_pid()", ()) == [(inside,)]


def test_a_transaction_begins_on_a_new_connection_when_its_own_was_cut(database):
    cut(database, "write")

    with database.transaction() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_connection_that_is_cut_in_a_transaction_makes_the_database_unavailable(database):
    def work() -> None:
        with database.transaction() as connection:
            cut(database, "write")
            connection.execute("SELECT 1")

    with pytest.raises(Unavailable):
        work()
    assert database.write("SELECT 1") == [(1,)]
