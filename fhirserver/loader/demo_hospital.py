"""The demo hospital into the database, once."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from fhirserver import clock
from fhirserver.app import open_engine
from fhirserver.demo import hospital, moment
from fhirserver.loader.demo_accounts import add_demo_accounts
from fhirserver.loader.loading import load
from fhirserver.loader.storing import finish, is_finished
from fhirserver.loader.summary import Summary
from fhirserver.model import json
from fhirserver.settings import Settings
from fhirserver.storage.database import Database

SEED = 1
PATIENTS = 60


def load_demo(settings: Settings, *, jobs: int | None = None) -> Summary | None:
    """Load the demo hospital, with its accounts; None when it was there before.

    Its record ends on the last morning.

    A load that was interrupted is finished the next time.
    """
    assert settings.database_url is not None
    database = Database(settings.database_url)
    try:
        if is_loaded(database):
            _add_accounts(settings, database)
            return None
        with TemporaryDirectory() as folder:
            _write(Path(folder))
            summary = load(settings, [Path(folder)], jobs=jobs)
        if not summary.refused:
            mark_loaded(database)
        _add_accounts(settings, database)
        return summary
    finally:
        database.close()


def is_loaded(database: Database) -> bool:
    """Whether the whole demo hospital is there."""
    return is_finished(database, _mark()) is not None


def mark_loaded(database: Database) -> None:
    """Put on record that it is."""
    finish(database, _mark(), 0)


def _mark() -> bytes:
    return hashlib.sha256(f"demo hospital {SEED} {PATIENTS}".encode()).digest()


def _add_accounts(settings: Settings, database: Database) -> None:
    add_demo_accounts(open_engine(settings, database))


def _write(folder: Path) -> None:
    today = last_morning(clock.now())
    for number, bundle in enumerate(hospital(seed=SEED, patients=PATIENTS, today=today)):
        (folder / f"{number:04}.json").write_bytes(json.dump(bundle))


def last_morning(now: datetime) -> date:
    """The day whose six in the morning, when the record ends, was the last: never one to come.

    >>> last_morning(datetime(2026, 11, 30, 5, 59, tzinfo=moment.ZONE)).isoformat()
    '2026-11-29'
    >>> last_morning(datetime(2026, 11, 30, 6, 0, tzinfo=moment.ZONE)).isoformat()
    '2026-11-30'
    """
    local = now.astimezone(moment.ZONE)
    return local.date() if local.timetz() >= moment.MORNING else local.date() - moment.DAY
