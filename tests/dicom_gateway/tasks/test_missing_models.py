"""Models of instances that came without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dicom_gateway.datasets import facts, file_head, read_file_head
from dicom_gateway.tasks.missing_models import make_missing
from fhirserver.app import open_keyring
from fhirserver.instances import Arrival, Instances
from fhirserver.objects import Folder
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from tests.dicom_gateway.web.instances import an_image, file_of


@pytest.fixture
def instances(database: Database, database_url: str, tmp_path: Any) -> Instances:
    keys = Settings().data_dir / "keys/master.keys"
    settings = Settings(data_dir=tmp_path, database_url=database_url, key_file=keys)
    return Instances(database, open_keyring(settings, database), Folder(tmp_path / "dicom", 4))


def arrived(instances: Instances, **attributes: Any) -> str:
    """An image as an association leaves it: without a model."""
    file = file_of(an_image(**attributes))
    meta, at = read_file_head(file)
    found = facts(file[at:], meta.transfer_syntax, complete=True)
    upload = instances.begin()
    upload.write(file_head(found))
    upload.dataset_begins()
    upload.write(file[at:])
    upload.close()
    instances.keep([Arrival(upload, found)])
    return found.instance


def test_what_is_missing_is_made_of_the_files(instances):
    uid = arrived(instances, PatientID="MODEL-1")
    assert not instances.instance(uid).has_metadata

    assert make_missing(instances) >= 1
    row = instances.instance(uid)
    assert row.has_metadata
    [text] = instances.metadata(row.study.uid, make=lambda _row: b"made again")
    told = json.loads(text)
    assert told["00100020"]["Value"] == ["MODEL-1"]
    assert told["7FE00010"]["BulkDataURI"].startswith(f"/studies/{row.study.uid}/series/")
    assert make_missing(instances) == 0


def test_a_damaged_file_gets_no_model_and_keeps_no_other_from_its_own(instances):
    broken, whole = arrived(instances), arrived(instances)
    folder = instances.files.root
    row = instances.instance(broken)
    [path] = list(folder.rglob(row.object.hex))
    path.write_bytes(path.read_bytes()[:-40])

    make_missing(instances)
    assert instances.instance(whole).has_metadata
    assert not instances.instance(broken).has_metadata
    instances.delete(row.study.uid)
