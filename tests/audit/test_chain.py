"""The chain of seals tells each way of tampering with the record."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fhirserver import ids
from fhirserver.app import open_database
from fhirserver.audit.chain import ChainKeys
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Caller, Event
from fhirserver.audit.sealing import seal
from fhirserver.audit.verifying import verify
from fhirserver.search.site import Site
from fhirserver.settings import Settings
from fhirserver.storage import audit_seals
from fhirserver.storage.audit_events import insert
from fhirserver.storage.database import Database
from tests.databases import a_database

ROWS = Rows(Site())
CALLER = Caller(client="test")
KEYS = ChainKeys(bytes(32), Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
EVENTS = 'resource."AuditEvent"'


def add(database: Database, *names: str) -> None:
    insert(database, [ROWS.row(Event(n, 1, "read", "R", CALLER)) for n in names])


def some(count: int) -> list[str]:
    return [ids.new() for _ in range(count)]


@pytest.fixture(scope="module")
def own_database(database_url: str) -> Iterator[Database]:
    """Requests of other tests put their events elsewhere, whenever that is."""
    with a_database(database_url, "audit_chain") as url:
        opened = open_database(Settings(database_url=url))
        yield opened
        opened.close()


@pytest.fixture
def chain(own_database: Database) -> Database:
    """A database with an empty chain and no events."""
    for table in ("seal", "head", "checkpoint", "tombstone", "more"):
        own_database.write(f"DELETE FROM audit.{table}")
    for table in (EVENTS, 'ix_date."AuditEvent"', 'ix_string."AuditEvent"'):
        own_database.write(f"DELETE FROM {table}")
    return own_database


def test_events_are_sealed_once_and_verified(chain: Database) -> None:
    add(chain, *some(5))
    assert seal(chain, KEYS, wait=True) == 5
    add(chain, *some(3))
    assert seal(chain, KEYS, wait=True) == 3
    assert seal(chain, KEYS, wait=True) == 0

    verdict = verify(chain, KEYS)
    assert (verdict.checked, verdict.finding) == (8, None)


def test_a_part_of_the_chain_is_verified_after_another(
    chain: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhirserver.audit.verifying.AT_ONCE", 2)
    names = some(5)
    add(chain, *names)
    seal(chain, KEYS, wait=True)

    parts = [verify(chain, KEYS, after=after, most=2) for after in (0, 2, 4)]

    assert [(p.checked, p.first, p.last, p.end) for p in parts] == [
        (2, 1, 2, 5),
        (2, 3, 4, 5),
        (1, 5, 5, 5),
    ]
    assert all(p.finding is None for p in parts)
    chain.write("UPDATE audit.seal SET mac = %s WHERE seq = 2", (bytes(32),))
    found = verify(chain, KEYS, after=2, most=2).finding
    assert found is not None
    assert found.seq == 3
    chain.write("DELETE FROM audit.seal WHERE seq = 4")
    gone = verify(chain, KEYS, after=4, most=2).finding
    assert gone is not None
    assert (gone.trouble, gone.seq) == ("removed", 4)


def test_an_event_of_a_transaction_that_commits_late_is_not_left_out(chain: Database) -> None:
    late, early = some(1), some(1)
    other = Database(chain.url)
    try:
        with other.transaction() as connection:
            insert(connection, [ROWS.row(Event(late[0], 1, "read", "R", CALLER))])
            add(chain, *early)
            # The later one isn't sealed before the earlier one is decided.
            assert seal(chain, KEYS, wait=True) == 0
        assert seal(chain, KEYS, wait=True) == 2
    finally:
        other.close()

    assert verify(chain, KEYS).finding is None


def test_many_writers_and_sealers_make_one_chain(chain: Database) -> None:
    def work(number: int) -> None:
        own = Database(chain.url)
        try:
            for _ in range(5):
                add(own, *some(3))
                if number % 8 == 0:
                    seal(own, KEYS)
        finally:
            own.close()

    with ThreadPoolExecutor(32) as threads:
        list(threads.map(work, range(32)))
    seal(chain, KEYS, wait=True)

    verdict = verify(chain, KEYS)
    assert (verdict.checked, verdict.finding) == (32 * 5 * 3, None)


ONE = "(SELECT key FROM audit.seal WHERE seq = 5)"
TAMPERING = {
    "changed": [
        f"""UPDATE {EVENTS} SET content = content || '{{"action":"D"}}' WHERE key = {ONE}""",
        f"UPDATE {EVENTS} SET updated = updated - interval '1 day' WHERE key = {ONE}",
        f"INSERT INTO audit.more VALUES ({ONE}, '{{Patient/x}}')",
    ],
    "hidden": [f"UPDATE {EVENTS} SET elements = '{{1}}' WHERE key = {ONE}"],
    "removed": [
        f"DELETE FROM {EVENTS} WHERE key = {ONE}",
        "DELETE FROM audit.seal WHERE seq = 5",
        f"WITH gone AS (DELETE FROM audit.seal WHERE seq >= 5 RETURNING key) "
        f"DELETE FROM {EVENTS} WHERE key IN (SELECT key FROM gone)",
    ],
    "inserted": [
        f"""INSERT INTO {EVENTS} (key, self, id, version, updated, method, elements, content, tx)
            SELECT -1, -1, 'x', 1, updated, method, elements, content, tx FROM {EVENTS}
            WHERE key = {ONE}""",
        """UPDATE audit.seal SET mac = sha256(mac) WHERE seq = 5""",
    ],
    "reordered": [
        """UPDATE audit.seal a SET key = -b.key FROM audit.seal b
           WHERE (a.seq, b.seq) IN ((5, 6), (6, 5));
           UPDATE audit.seal SET key = -key WHERE key < 0""",
        """UPDATE audit.seal a SET key = -b.key, digest = b.digest FROM audit.seal b
           WHERE (a.seq, b.seq) IN ((5, 6), (6, 5));
           UPDATE audit.seal SET key = -key WHERE key < 0""",
    ],
}


@pytest.mark.parametrize(
    ("trouble", "sql"), [(t, sql) for t, statements in TAMPERING.items() for sql in statements]
)
def test_tampering_is_found(chain: Database, trouble: str, sql: str) -> None:
    for _ in range(10):
        add(chain, *some(1))
    seal(chain, KEYS, wait=True)
    with chain.transaction() as connection:
        for statement in sql.split(";"):
            connection.execute(statement)
    add(chain, *some(2))
    seal(chain, KEYS, wait=True)

    finding = verify(chain, KEYS, site=Site()).finding

    assert finding is not None
    assert finding.trouble == trouble
    if "-1, -1" not in sql:
        assert finding.seq == 5


def test_a_chain_that_was_cut_is_found_by_a_checkpoint_kept_elsewhere(chain: Database) -> None:
    add(chain, *some(10))
    seal(chain, KEYS, wait=True)
    kept = audit_seals.last_checkpoint(chain)
    assert kept is not None
    assert verify(chain, KEYS, kept=kept).finding is None
    with chain.transaction() as connection:
        for statement in (
            "DELETE FROM audit.checkpoint",
            "DELETE FROM audit.seal WHERE seq > 5",
            f"DELETE FROM {EVENTS} WHERE key NOT IN (SELECT key FROM audit.seal)",
            "UPDATE audit.head SET (seq, mac) = (SELECT seq, mac FROM audit.seal WHERE seq = 5)",
        ):
            connection.execute(statement)

    assert verify(chain, KEYS).finding is None
    finding = verify(chain, KEYS, kept=kept).finding
    assert finding is not None
    assert (finding.trouble, finding.seq) == ("removed", 6)


def test_a_checkpoint_that_somebody_else_signed_is_found(chain: Database) -> None:
    add(chain, *some(3))
    seal(chain, KEYS, wait=True)
    chain.write("UPDATE audit.checkpoint SET signature = decode(repeat('00', 64), 'hex')")

    finding = verify(chain, KEYS).finding
    assert finding is not None
    assert finding.trouble == "checkpoint"
