"""Events are kept as long as the settings say; what is left can still be verified."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from fhirserver import clock
from fhirserver.audit.retention import remove_old
from fhirserver.audit.sealing import seal
from fhirserver.audit.verifying import verify
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from tests.audit.test_chain import EVENTS, KEYS, add, chain, own_database, some

__all__ = ["chain", "own_database"]
SETTINGS = Settings()


@pytest.fixture
def old(chain: Database) -> Database:
    """Six events of seven years ago, and four new ones."""
    add(chain, *some(6))
    chain.write(f"UPDATE {EVENTS} SET updated = updated - interval '7 years'")
    add(chain, *some(4))
    seal(chain, KEYS, wait=True)
    return chain


def test_old_events_are_removed_and_the_rest_is_verified(old: Database) -> None:
    assert remove_old(old, KEYS, SETTINGS) == 6
    add(old, *some(2))
    seal(old, KEYS, wait=True)

    verdict = verify(old, KEYS)
    assert (verdict.checked, verdict.first, verdict.finding) == (6, 7, None)
    assert old.read(f"SELECT count(*) FROM {EVENTS}") == [(6,)]
    assert old.read('SELECT count(*) FROM ix_date."AuditEvent"') == [(6,)]
    assert remove_old(old, KEYS, SETTINGS) == 0


def test_what_is_not_sealed_is_not_removed(chain: Database) -> None:
    add(chain, *some(1))
    chain.write(f"UPDATE {EVENTS} SET updated = updated - interval '7 years'")

    assert remove_old(chain, KEYS, SETTINGS) == 0


def test_nothing_is_removed_under_a_legal_hold(old: Database) -> None:
    held = dataclasses.replace(SETTINGS, audit_legal_hold=True)
    for_ever = dataclasses.replace(SETTINGS, audit_retention_days=0)

    assert remove_old(old, KEYS, held) == 0
    assert remove_old(old, KEYS, for_ever) == 0


def test_all_may_go_and_the_chain_goes_on(old: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(days=3000)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert remove_old(old, KEYS, SETTINGS) == 10
    add(old, *some(2))
    seal(old, KEYS, wait=True)

    verdict = verify(old, KEYS)
    assert (verdict.checked, verdict.first, verdict.finding) == (2, 11, None)


def test_a_removal_that_was_not_signed_is_found(old: Database) -> None:
    remove_old(old, KEYS, SETTINGS)
    old.write(
        "WITH gone AS (DELETE FROM audit.seal WHERE seq = 7 RETURNING mac) "
        "UPDATE audit.tombstone SET last = 7, mac = (SELECT mac FROM gone)"
    )

    finding = verify(old, KEYS).finding
    assert finding is not None
    assert finding.trouble == "tombstone"
