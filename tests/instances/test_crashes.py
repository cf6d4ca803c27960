"""Whoever was told that an instance is kept finds it after a crash; nothing else is visible."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from fhirserver.instances import Instances, Wanted
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from tests.instances.arriving import HEAD, arrival, facts, uid
from tests.instances.sending import dataset_of


@pytest.mark.parametrize("most", [5, 60])
def test_what_was_answered_survives_a_kill_and_a_retry_leaves_no_duplicate(
    record: Instances, settings: Settings, most: int
) -> None:
    study = uid()

    before = backends(record.database)
    answered = killed_after(random.randint(1, most), settings, study)
    # PostgreSQL ends what it had begun for a client that is gone.
    deadline = time.monotonic() + 60
    while backends(record.database) - before and time.monotonic() < deadline:
        time.sleep(0.05)

    rows = {row.uid: row for row in record.instances(Wanted(studies=[study]))}
    assert set(answered) <= rows.keys()
    for row in rows.values():
        assert b"".join(record.read(row)) == HEAD + dataset_of(row.uid)
    counted(record, study, len(rows))

    again = [
        record.keep([arrival(record, facts(study, f"{study}.0", one), dataset_of(one))])[0].state
        for one in answered
    ]
    assert set(again) == {"same"}
    counted(record, study, len(rows))
    for path in record.files.root.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 7200,) * 2)
    record.sweep()
    assert {p.name for p in record.files.root.rglob("*") if p.is_file()} == {
        row.object.hex for row in rows.values()
    }


def backends(database: Database) -> set[int]:
    """Who is connected with the database."""
    sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    return {row[0] for row in database.read(sql)}


def counted(record: Instances, study: str, count: int) -> None:
    row = record.study(study)
    assert row is not None
    assert row.instances == count
    assert sum(s.instances for s in record.series(Wanted(studies=[study]))) == count


def killed_after(count: int, settings: Settings, study: str) -> list[str]:
    """The instances that a sender was told are kept, until it was killed."""
    arguments = (settings.database_url, settings.data_dir, settings.key_file, study)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.instances.sending", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        answered = [next(lines).strip() for _ in range(count)]
        process.kill()
        answered += [line.strip() for line in lines if line.endswith("\n")]
    process.wait()
    return answered
