"""Binary objects and DICOM instances in an S3-compatible store."""

from __future__ import annotations

import dataclasses
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from dicom_gateway.commands.dicom_verify import verified
from fhirserver.app import open_blobs
from fhirserver.blobs import Blobs
from fhirserver.errors import Damaged, NotFound, Unavailable
from fhirserver.instances import Instances, open_instances
from fhirserver.keys.chunks import CHUNK_BYTES
from fhirserver.objects import open_files
from fhirserver.objects.bucket import PART_BYTES, WINDOW_BYTES
from fhirserver.settings import InvalidSetting, Settings, read
from fhirserver.storage.database import Database
from tests.instances.arriving import arrival, facts, uid
from tests.peers.object_store import BUCKET, ObjectStore

LARGE = os.urandom(2 * WINDOW_BYTES + 1000)


@pytest.fixture
def blobs(settings: Settings, database: Database) -> Blobs:
    return open_blobs(settings, database)


@pytest.fixture
def record(settings: Settings, database: Database) -> Instances:
    return open_instances(settings, database)


def name_of(blob) -> str:
    name = blob.id.hex
    return f"ours/blobs/{name[:2]}/{name[2:4]}/{name}"


@pytest.mark.parametrize("size", [0, 1, 2 * CHUNK_BYTES, PART_BYTES, len(LARGE)])
def test_what_was_put_comes_back(blobs: Blobs, store: ObjectStore, tmp_path: Path, size) -> None:
    blob = blobs.put(LARGE[i : min(i + 70_001, size)] for i in range(0, size, 70_001))

    assert b"".join(blobs.read(blob.id)) == LARGE[:size]
    assert store.names() == {name_of(blob)}
    assert store.uploads() == []
    assert not list(tmp_path.rglob("blobs"))


def test_any_range_can_be_read(blobs: Blobs) -> None:
    blob = blobs.put([LARGE])

    for start, stop in (
        (0, 1),
        (CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        (WINDOW_BYTES - 5, WINDOW_BYTES + 5),
        (len(LARGE) - 3, None),
        (5, 5),
        (len(LARGE), len(LARGE) + 9),
    ):
        assert b"".join(blobs.read(blob.id, start, stop)) == LARGE[start:stop]


def test_the_store_has_nothing_that_it_could_read(blobs: Blobs, store: ObjectStore) -> None:
    blob = blobs.put([b"Jane Doe " * 1000])

    assert b"Jane" not in store.bytes_of(name_of(blob))


def test_files_can_be_moved_from_a_folder_to_a_bucket(
    settings: Settings, database: Database, store: ObjectStore, blobs: Blobs
) -> None:
    before = open_blobs(dataclasses.replace(settings, blob_store=None), database)
    blob = before.put([LARGE])
    folder = settings.data_dir / "blobs"
    for path in folder.rglob("*"):
        if path.is_file():
            store.put(f"ours/blobs/{path.relative_to(folder).as_posix()}", path.read_bytes())

    assert b"".join(blobs.read(blob.id)) == LARGE


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1], lambda b: b"", lambda b: b[:9] + bytes([b[9] ^ 1]) + b[10:]]
)
def test_an_object_that_was_changed_is_never_served(
    blobs: Blobs, store: ObjectStore, spoil
) -> None:
    for size in (1000, len(LARGE)):
        blob = blobs.put([LARGE[:size]])
        store.put(name_of(blob), spoil(store.bytes_of(name_of(blob))))

        with pytest.raises(Damaged):
            b"".join(blobs.read(blob.id))


def test_a_deleted_object_is_gone_and_what_nobody_knows_is_swept(
    blobs: Blobs, store: ObjectStore, monkeypatch
) -> None:
    gone, stays = blobs.put([b"gone"]), blobs.put([b"stays"])
    stray = f"ours/blobs/01/23/{'0123' * 8}"
    store.put(stray, b"nobody's")
    store.put("ours/blobs/readme.txt", b"somebody's")

    assert blobs.delete(gone.id)
    with pytest.raises(NotFound):
        blobs.read(gone.id)
    blobs.sweep()
    assert store.names() == {name_of(stays), stray, "ours/blobs/readme.txt"}
    late = time.time() + 4000
    monkeypatch.setattr("fhirserver.blobs.time.time", lambda: late)
    blobs.sweep()
    assert store.names() == {name_of(stays), "ours/blobs/readme.txt"}


def test_a_source_that_fails_leaves_nothing(blobs: Blobs, store: ObjectStore) -> None:
    def source():
        yield LARGE
        raise ValueError("the sender went away")

    with pytest.raises(ValueError, match="went away"):
        blobs.put(source())

    assert store.names() == set()
    assert store.uploads() == []


def test_nothing_holds_a_large_object(blobs: Blobs) -> None:
    piece = os.urandom(CHUNK_BYTES)
    tracemalloc.start()
    blob = blobs.put(piece for _ in range(160))
    size = sum(map(len, blobs.read(blob.id)))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert size == 160 * CHUNK_BYTES
    assert most < 4 * PART_BYTES


def test_without_the_store_it_is_said_so_and_works_when_it_is_back(
    blobs: Blobs, store: ObjectStore
) -> None:
    kept = blobs.put([LARGE])
    data = store.bytes_of(name_of(kept))
    store.stop()

    with pytest.raises(Unavailable, match="FHIRSERVER_BLOB_STORE"):
        blobs.put([b"new"])
    with pytest.raises(Unavailable, match="FHIRSERVER_BLOB_STORE"):
        b"".join(blobs.read(kept.id))
    with pytest.raises(Unavailable):
        blobs.sweep()

    store.start()
    store.put(name_of(kept), data)
    assert b"".join(blobs.read(kept.id)) == LARGE
    assert b"".join(blobs.read(blobs.put([b"new"]).id)) == b"new"


def test_a_bucket_that_is_not_there_takes_nothing(settings: Settings, database: Database) -> None:
    wrong = open_blobs(dataclasses.replace(settings, blob_store="s3://elsewhere"), database)

    for data in (b"small", LARGE):
        with pytest.raises(Unavailable, match="FHIRSERVER_BLOB_STORE"):
            wrong.put([data])


def test_instances_are_kept_verified_mended_and_removed(
    record: Instances, store: ObjectStore
) -> None:
    study, series = uid(), uid()
    known = [facts(study, series, uid()) for _ in range(3)]
    record.keep([arrival(record, k, LARGE[:100_000]) for k in known])
    rows = [record.instance(k.instance) for k in known]
    names = [_name(row) for row in rows]
    assert store.names() == set(names)
    store.client().delete_object(Bucket=BUCKET, Key=names[1])
    store.put(names[2], bytes([1]) + store.bytes_of(names[2]))

    found = {of: condition for condition, of, _ in verified(record, study)}
    assert [found[k.instance] for k in known] == ["whole", "missing", "damaged"]
    assert rows[1].object in record.sweep().missing
    again = record.keep([arrival(record, k, LARGE[:100_000]) for k in known])
    assert [kept.state for kept in again] == ["same"] * 3
    assert [c for c, *_ in verified(record, study)] == ["whole"] * 3
    record.delete(study)
    # What was damaged goes with the sweep, after an hour.
    assert store.names() == {names[2]}


def test_an_instance_is_not_judged_lost_while_the_store_is_away(
    record: Instances, store: ObjectStore
) -> None:
    known = facts(uid(), uid(), uid())
    record.keep([arrival(record, known)])
    row = record.instance(known.instance)
    store.stop()

    with pytest.raises(Unavailable):
        record.check(row)
    with pytest.raises(Unavailable):
        record.sweep()


def _name(row) -> str:
    name = row.object.hex
    return f"ours/dicom/{name[:4]}/{name[4:8]}/{name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BLOB_STORE", "hospital"),
        ("BLOB_STORE", "s3://Hospital"),
        ("BLOB_STORE", "s3://hospital/../other"),
        ("BLOB_STORE_ENDPOINT", "s3.example"),
        ("BLOB_STORE_ACCESS_KEY", "without the other"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"FHIRSERVER_{name}"):
        read({f"FHIRSERVER_{name}": value})


def test_without_a_bucket_files_lie_in_folders(tmp_path: Path) -> None:
    files = open_files(Settings(data_dir=tmp_path), "dicom")

    assert files.root == tmp_path / "dicom"
