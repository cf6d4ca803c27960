"""What was erased can't be read, and what a crash has left goes; keys can be rotated meanwhile."""

from __future__ import annotations

import os
import time

import pytest

from fhirserver.app import open_keyring
from fhirserver.errors import Damaged
from fhirserver.instances import Instances
from fhirserver.keys.sealed_files import PART
from fhirserver.storage.database import Database
from fhirserver.storage.key_rotation import rewrap
from fhirserver.storage.keys import KeyTables
from tests.answers import done
from tests.builders import a_patient
from tests.instances.arriving import arrival, facts, uid


def test_the_images_of_a_patient_go_with_the_patient(
    record: Instances, make_record, make_app, client_of, database: Database
) -> None:
    client = client_of(make_app(allow_expunge=True))
    known, others = facts(uid(), uid(), uid()), facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"first"), arrival(record, others)])
    record.keep([arrival(record, known, b"other")])
    patient = done(client.post("/fhir/Patient", json=a_patient()), 201)["id"]
    record.assign(known.study, patient=patient)
    row = record.instance(known.instance)
    assert row is not None

    client.delete(f"/fhir/Patient/{patient}")
    everything = {"name": "expungeDeletedResources", "valueBoolean": True}
    body = {"resourceType": "Parameters", "parameter": [everything]}
    done(client.post(f"/fhir/Patient/{patient}/$expunge", json=body))

    assert record.study(known.study) is None
    assert record.instance(known.instance) is None
    sql = "SELECT wrapped IS NULL FROM keys.data WHERE id = %s"
    assert database.read(sql, (row.data_key,)) == [(True,)]
    with pytest.raises(Damaged):
        list(make_record().read(row))
    assert record.study(others.study) is not None
    assert record.changed(known.study) is None


def test_files_survive_a_rotation_of_keys(
    record: Instances, make_record, settings, database
) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known, b"pixels")])

    keyring = open_keyring(settings, database)
    keyring.add_wrapping_key()
    assert sum(rewrap(keyring, KeyTables(database))) > 0

    row = make_record().instance(known.instance)
    assert row is not None
    assert make_record().check(row) == "whole"


def test_the_sweep_removes_what_nobody_reads_and_tells_what_is_lost(record: Instances) -> None:
    kept, lost = facts(uid(), uid(), uid()), facts(uid(), uid(), uid())
    record.keep([arrival(record, kept), arrival(record, lost)])
    unfinished, unnamed, young = record.begin(), record.begin(), record.begin()
    unnamed.close()
    unnamed.file.rename()
    for path in record.files.root.rglob("*"):
        if path.is_file() and path.stem != young.id.hex:
            age(path)
    gone, there = record.instance(lost.instance), record.instance(kept.instance)
    assert gone is not None
    assert there is not None
    record.files.path(gone.object).unlink()

    swept = record.sweep()

    assert swept.removed == 2
    assert gone.object in swept.missing
    assert there.object not in swept.missing
    assert record.check(there) == "whole"
    names = {path.name for path in record.files.root.rglob("*") if path.is_file()}
    assert names == {there.object.hex, f"{young.id.hex}{PART}"}
    unfinished.discard()
    young.discard()


def age(path) -> None:
    before = time.time() - 7200
    os.utime(path, (before, before))
