"""Binary objects on the disk."""

import hashlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from uuid import uuid4

import pytest

from fhirserver.app import open_blobs
from fhirserver.blobs import Blobs
from fhirserver.errors import Damaged, NotFound, Unavailable
from fhirserver.keys.chunks import CHUNK_BYTES
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.keys import destroy_of_owner
from fhirserver.tasks import make_celery, stray_blobs

SOME = os.urandom(3 * CHUNK_BYTES + 1000)


@pytest.fixture
def settings(tmp_path, database_url) -> Settings:
    keys = Settings().data_dir / "keys/master.keys"
    return Settings(data_dir=tmp_path, database_url=database_url, key_file=keys)


@pytest.fixture
def blobs(settings, database) -> Blobs:
    return open_blobs(settings, database)


def files(settings):
    return sorted(p for p in (settings.data_dir / "blobs").rglob("*") if p.is_file())


def whole(blobs, id_) -> bytes:
    return b"".join(blobs.read(id_))


@pytest.mark.parametrize("data", [b"", b"x", SOME, SOME[: 2 * CHUNK_BYTES]])
def test_what_was_put_comes_back_from_another_server_too(blobs, settings, database, data):
    blob = blobs.put([data])

    assert (blob.size, blob.sha256) == (len(data), hashlib.sha256(data).digest())
    other = open_blobs(settings, database)
    assert whole(other, blob.id) == data
    assert other.about(blob.id) == blob


def test_any_range_can_be_read(blobs):
    blob = blobs.put(SOME[i : i + 1000] for i in range(0, len(SOME), 1000))

    for start, stop in itertools.product(
        (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, len(SOME)), (0, 7, CHUNK_BYTES + 1, len(SOME), None)
    ):
        assert b"".join(blobs.read(blob.id, start, stop)) == SOME[start:stop]


def test_the_file_can_not_be_read_without_the_key_and_has_a_name_of_ours(blobs, settings):
    blob = blobs.put([b"Ada Lovelace " * 1000])

    (path,) = files(settings)
    assert b"Lovelace" not in path.read_bytes()
    assert path.name == blob.id.hex
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_was_changed_cut_or_exchanged_is_noticed(blobs, settings):
    one, two = blobs.put([SOME]), blobs.put([SOME])
    paths = {p.name: p for p in files(settings)}
    path = paths[one.id.hex]
    stored = path.read_bytes()

    for changed in (
        stored[:-1],
        stored[: CHUNK_BYTES + 16],
        b"\0" + stored[1:],
        paths[two.id.hex].read_bytes(),
    ):
        path.write_bytes(changed)
        with pytest.raises(Damaged):
            whole(blobs, one.id)
    path.unlink()
    with pytest.raises(Damaged):
        whole(blobs, one.id)


def test_a_deleted_object_is_gone_with_its_file_and_its_key(blobs, settings, database):
    blob = blobs.put([SOME])

    assert blobs.delete(blob.id)

    assert not files(settings)
    rows = database.read("SELECT wrapped FROM keys.data WHERE id = %s", (blob.id,))
    assert rows == [(None,)]
    with pytest.raises(NotFound):
        blobs.read(blob.id)
    assert not blobs.delete(blob.id)


def test_the_objects_of_an_erased_patient_mean_nothing_any_more(blobs, settings, database):
    mine, other = blobs.put([b"mine"], owner=77), blobs.put([b"other"], owner=78)

    with database.transaction() as connection:
        destroy_of_owner(connection, 77)

    server = open_blobs(settings, database)
    with pytest.raises(NotFound):
        whole(server, mine.id)
    assert whole(server, other.id) == b"other"
    assert server.sweep() == 1
    assert [p.name for p in files(settings)] == [other.id.hex]


def test_an_upload_that_breaks_off_leaves_nothing(blobs, settings, database):
    def broken() -> Iterator[bytes]:
        yield SOME
        raise ConnectionResetError

    before = database.read("SELECT count(*) FROM fhir.blob")
    with pytest.raises(Unavailable):
        blobs.put(broken())

    assert not files(settings)
    assert database.read("SELECT count(*) FROM fhir.blob") == before


def test_what_a_killed_server_left_is_swept_away_and_nothing_else(
    blobs, settings, database, database_url
):
    kept = blobs.put([SOME])
    script = (
        "import sys, time; from pathlib import Path; from fhirserver.app import *; "
        "from fhirserver.settings import Settings; "
        "s = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], "
        "key_file=Path(sys.argv[3])); b = open_blobs(s, open_database(s)); "
        "pieces = (bytes(100000) for _ in iter(int, 1)); "
        "print('ready', flush=True); b.put(p for p in pieces if not time.sleep(0.01))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(settings.data_dir), database_url,
         str(settings.key_file)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(p.suffix == ".part" and p.stat().st_size for p in files(settings)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    # One that was complete, but whose row was not written.
    stray = settings.data_dir / "blobs/ab/cd" / uuid4().hex
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"stray")

    assert blobs.sweep() == 0, "an upload that is under way is left alone"
    for path in files(settings):
        os.utime(path, (0, 0))
    app = make_celery("memory://", database_url, settings)
    with app.connection_or_acquire():
        stray_blobs.sweep()

    assert [p.name for p in files(settings)] == [kept.id.hex]
    assert whole(blobs, kept.id) == SOME


def test_a_full_disk_is_told_and_leaves_nothing(blobs, settings):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CHUNK_BYTES, before[1]))
    try:
        with pytest.raises(Unavailable, match="disk full"):
            blobs.put([SOME])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert not files(settings)


def test_a_large_object_takes_no_more_memory_than_a_small_one(blobs):
    piece = os.urandom(1_000_000)
    tracemalloc.start()
    try:
        blob = blobs.put(piece for _ in range(60))
        size = sum(len(p) for p in blobs.read(blob.id))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert size == blob.size == 60_000_000
    assert peak < 6_000_000


@pytest.mark.slow
def test_two_gigabytes_take_little_memory(settings, database: Database):
    script = (
        "import sys, os, resource; from pathlib import Path; from fhirserver.app import *; "
        "from fhirserver.settings import Settings; "
        "s = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], "
        "key_file=Path(sys.argv[3])); b = open_blobs(s, open_database(s)); "
        "b.put([b'x']); piece = os.urandom(1 << 20); "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "x = b.put(piece for _ in range(2100)); "
        "assert sum(len(p) for p in b.read(x.id)) == 2100 << 20; "
        "assert b''.join(b.read(x.id, 2000 << 20, (2000 << 20) + 9)) == piece[:9]; "
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "b.delete(x.id); print((after - before) // 1024)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(settings.data_dir), settings.database_url,
         str(settings.key_file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert int(done.stdout) < 20
