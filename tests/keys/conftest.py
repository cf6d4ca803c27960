"""A keyring on a database that no other tests use: these lose and change its keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhirserver.app import open_database, open_keyring
from fhirserver.keys.keyring import Keyring
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from tests.databases import a_database


@pytest.fixture(scope="session")
def keys_url(database_url: str) -> Iterator[str]:
    with a_database(database_url, "keys") as url:
        yield url


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.keys"


@pytest.fixture
def settings(key_file: Path, keys_url: str) -> Settings:
    return Settings(key_file=key_file, database_url=keys_url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """Without keys, and without anything that is sealed with some."""
    opened = open_database(settings)
    for name in ("fhir.secret", "keys.data", "keys.wrapping"):
        opened.write(f"DELETE FROM {name}")
    yield opened
    opened.close()


@pytest.fixture
def keyring(settings: Settings, database: Database) -> Keyring:
    return open_keyring(settings, database)
