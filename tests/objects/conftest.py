"""A server whose files lie in an object store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhirserver.settings import Settings
from tests.peers.object_store import ObjectStore


@pytest.fixture(scope="module")
def running() -> Iterator[ObjectStore]:
    store = ObjectStore()
    yield store
    store.stop()


@pytest.fixture
def store(running: ObjectStore) -> ObjectStore:
    """A store that is there and empty."""
    running.empty()
    return running


@pytest.fixture
def settings(tmp_path: Path, database_url: str, store: ObjectStore) -> Settings:
    keys = Settings().data_dir / "keys/master.keys"
    return Settings(data_dir=tmp_path, database_url=database_url, key_file=keys, **store.settings())
