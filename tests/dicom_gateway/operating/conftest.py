"""A ward with a scanner: a record of instances, the server, and what keeps them in step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from fhirserver.app import open_keyring
from fhirserver.instances import Instances
from fhirserver.objects import Folder
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from tests.dicom_gateway.operating.scanner import Scanner


@pytest.fixture
def record(tmp_path: Path, database_url: str, database: Database) -> Instances:
    keys = Settings().data_dir / "keys/master.keys"
    settings = Settings(data_dir=tmp_path, database_url=database_url, key_file=keys)
    return Instances(database, open_keyring(settings, database), Folder(tmp_path / "dicom", 4))


@pytest.fixture
def scanner(app: Flask, record: Instances) -> Iterator[Scanner]:
    """A sender whose patient ids have a system of their own; the log is read from here on."""
    made = Scanner(app.extensions["fhirserver"], record)
    made.begin_to_watch()
    yield made
    made.stop_to_watch()
