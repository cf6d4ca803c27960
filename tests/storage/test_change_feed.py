"""Readers of the change log get every change once, in the order in which each resource changed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import psycopg
import pytest

from fhirserver.app import open_database
from fhirserver.settings import Settings
from fhirserver.storage import change_feed

NAME = "test"


@pytest.fixture
def database(own_url):
    opened = open_database(Settings(database_url=own_url))
    change_feed.begin(opened, NAME)
    yield opened
    change_feed.forget(opened, NAME)
    opened.close()


def write(connection, key, version):
    connection.execute(
        "INSERT INTO fhir.change (updated, key, version, method, type) "
        "VALUES (now(), %s, %s, 'U', 'Basic')",
        (key, version),
    )


def read(database, limit=1_000):
    with database.transaction() as connection:
        found = change_feed.following(connection, NAME, limit)
    return [(c.key, c.version) for c in found]


def read_all(database, limit):
    found = []
    while more := read(database, limit):
        assert len(more) <= limit
        found += more
    return found


@pytest.fixture
def writers(own_url):
    opened = [psycopg.connect(own_url) for _ in range(3)]
    yield opened
    for one in opened:
        one.close()


def test_what_was_written_before_a_reader_began_is_not_its_business(database, own_client):
    own_client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "x"}})
    change_feed.begin(database, "later")

    with database.transaction() as connection:
        assert change_feed.following(connection, "later", 10) == []
    change_feed.forget(database, "later")


def test_a_reader_gets_what_the_server_writes(database, own_client):
    basic = {"resourceType": "Basic", "code": {"text": "x"}}
    id_ = own_client.post("/fhir/Basic", json=basic).json["id"]
    own_client.put(f"/fhir/Basic/{id_}", json=basic | {"id": id_, "language": "de"})
    own_client.delete(f"/fhir/Basic/{id_}")

    with database.transaction() as connection:
        found = change_feed.following(connection, NAME, 10)

    assert [(c.type, c.version, c.method) for c in found] == [
        ("Basic", 1, "C"), ("Basic", 2, "U"), ("Basic", 3, "D"),
    ]  # fmt: skip
    assert len({c.key for c in found}) == 1
    assert (datetime.now(UTC) - found[0].updated).total_seconds() < 60


def test_who_commits_late_is_not_skipped(database, writers):
    late, early, _ = writers
    write(late, 1, 1)
    write(early, 2, 1)
    early.commit()
    assert read(database) == []

    late.commit()

    assert read(database) == [(1, 1), (2, 1)]
    assert read(database) == []


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_version_never_comes_before_the_one_before_it(database, writers, limit):
    old, new, other = writers
    # The older transaction writes the later version.
    write(old, 1, 1)
    write(new, 9, 1)
    new.commit()
    write(other, 3, 1)
    write(old, 9, 2)
    old.commit()
    other.commit()

    assert read_all(database, limit) == [(1, 1), (9, 1), (3, 1), (9, 2)]


def test_what_a_reader_did_not_commit_comes_again(database, writers):
    write(writers[0], 1, 1)
    writers[0].commit()

    with database.transaction() as connection:
        assert len(change_feed.following(connection, NAME, 10)) == 1
        raise psycopg.Rollback

    assert read(database) == [(1, 1)]


def test_only_one_reads_at_a_time(database, own_url):
    other = open_database(Settings(database_url=own_url))
    with database.transaction() as mine:
        assert change_feed.following(mine, NAME, 10) == []
        with other.transaction() as theirs:
            assert change_feed.following(theirs, NAME, 10) is None
    other.close()


def test_nothing_is_lost_or_doubled_while_many_write(database, own_url):
    """Eight writers with transactions of all lengths, and one reader with small pages."""
    written: list[tuple[int, int]] = []
    lock = threading.Lock()

    def work(n):
        with psycopg.connect(own_url) as connection:
            for turn in range(20):
                keys = [(1_000 * n + turn, v) for v in range(1, 2 + turn % 4)]
                for key, version in keys:
                    write(connection, key, version)
                if turn % 5 == 4:
                    connection.rollback()
                    continue
                connection.commit()
                with lock:
                    written.extend(keys)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    found = []
    while any(t.is_alive() for t in threads):
        found += read(database, 7)
    found += read_all(database, 7)

    assert len(found) == len(set(found))
    assert set(found) == set(written)
    assert all(v == 1 or found.index((k, v - 1)) < n for n, (k, v) in enumerate(found))


def test_it_is_known_how_far_a_reader_is_behind(database, writers):
    write(writers[0], 1, 1)
    write(writers[0], 2, 1)
    writers[0].commit()
    (standing,) = change_feed.behind(database)
    assert (standing.name, standing.changes) == (NAME, 2)
    assert (datetime.now(UTC) - standing.since).total_seconds() < 60

    read(database, 1)
    assert change_feed.behind(database)[0].changes == 1
    read(database)
    assert (change_feed.behind(database)[0].changes, change_feed.behind(database)[0].since) == (
        0,
        None,
    )
