"""A record of instances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fhirserver.app import open_keyring
from fhirserver.instances import Instances
from fhirserver.objects import Folder
from fhirserver.settings import Settings
from fhirserver.storage.database import Database


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    keys = Settings().data_dir / "keys/master.keys"
    return Settings(data_dir=tmp_path, database_url=database_url, key_file=keys)


@pytest.fixture
def make_record(settings: Settings, database: Database) -> Callable[..., Instances]:
    """The record as another process has it: with a keyring and a committer of its own."""

    def make(**limits: int) -> Instances:
        folder = settings.data_dir / "dicom"
        return Instances(database, open_keyring(settings, database), Folder(folder, 4), **limits)

    return make


@pytest.fixture
def record(make_record: Callable[..., Instances]) -> Iterator[Instances]:
    return make_record()
