"""Loading into a database of one's own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from fhirserver import processes
from fhirserver.app import open_database, open_engine
from fhirserver.engine import Engine
from fhirserver.loader import loading
from fhirserver.loader.summary import Summary
from fhirserver.settings import Settings
from tests.databases import a_database

Load = Callable[..., Summary]


@pytest.fixture(scope="session")
def own_url(database_url: str) -> Iterator[str]:
    """A database that other tests don't use."""
    with a_database(database_url, "loader") as url:
        yield url


@pytest.fixture
def empty_url(own_url: str) -> str:
    """A migrated database without resources."""
    with psycopg.connect(own_url, autocommit=True) as connection:
        used = "SELECT DISTINCT type FROM fhir.change"
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ANY("
            "'{resource,history,ix_date,ix_string,ix_number,ix_position}') "
            f"AND tablename IN ({used})"
        ).fetchall()
        names = [row[0] for row in tables]
        connection.execute(f"TRUNCATE {', '.join(['fhir.change', 'fhir.loaded', *names])}")
    return own_url


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    settings = Settings(database_url=empty_url)
    database = open_database(settings)
    yield open_engine(settings, database)
    database.close()


@pytest.fixture
def load(engine: Engine, empty_url: str, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load paths with one worker, which is a thread here."""
    monkeypatch.setattr(processes, "_engines", [engine])

    def close() -> None:
        engine.context.store.database.close()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            self.submit(close).result()
            super().shutdown(wait, cancel_futures=cancel_futures)

    monkeypatch.setattr(loading, "pool", lambda settings, jobs: Pool(1))

    def run(*paths: Path, again: bool = False) -> Summary:
        settings = Settings(database_url=empty_url)
        return loading.load(settings, paths, jobs=1, is_again=again)

    return run


@pytest.fixture
def count(empty_url: str) -> Callable[[str], int]:
    """How many resources of a type there are."""

    def current(resource_type: str) -> int:
        with psycopg.connect(empty_url) as connection:
            row = connection.execute(
                f'SELECT count(*) FROM resource."{resource_type}" WHERE NOT deleted'
            ).fetchone()
        return row[0]

    return current
