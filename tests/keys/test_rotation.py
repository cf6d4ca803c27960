"""Rotation, retirement, export and import, as an operator does them."""

import itertools
import threading
from uuid import UUID

import pytest
from click.testing import CliRunner

from fhirserver.app import open_keyring
from fhirserver.cli import main
from fhirserver.cli.commands import doctor
from fhirserver.errors import Invalid, KeyUnavailable
from fhirserver.keys.keyring import KeyDestroyed
from fhirserver.keys.sealer import Sealer
from fhirserver.settings import Settings
from fhirserver.storage import key_export, key_rotation
from fhirserver.storage.keys import KeyTables, destroy_of_owner


@pytest.fixture
def tables(database) -> KeyTables:
    return KeyTables(database)


@pytest.fixture
def keys(keys_url, key_file):
    """Runs `fhirserver keys ...`; gives its exit code and output."""

    def run(*arguments: str, **variables: str):
        done = CliRunner().invoke(
            main,
            ["keys", *arguments],
            env={
                "FHIRSERVER_DATABASE_URL": keys_url,
                "FHIRSERVER_KEY_FILE": str(key_file),
                **variables,
            },
        )
        return done.exit_code, done.output

    return run


def test_after_a_rotation_everything_is_under_the_new_key_and_still_opens(
    keyring, tables, keys, settings, database
):
    sealed = Sealer(keyring).seal("mail", b"password")
    ids = [keyring.new("blob")[0] for _ in range(20)]
    before = {id_: keyring.key(id_) for id_ in ids}

    code, output = keys("rotate")

    assert code == 0, output
    assert "21 data keys are now under file" in output
    newest, old = tables.standing()
    assert (newest.data_keys, old.data_keys) == (21, 0)
    fresh = open_keyring(settings, database)
    assert {id_: fresh.key(id_) for id_ in ids} == before
    assert Sealer(fresh).unseal("mail", sealed) == b"password"


def test_an_interrupted_rotation_goes_on_where_it_was(keyring, tables, keys, monkeypatch):
    for _ in range(12):
        keyring.new("blob")
    monkeypatch.setattr(key_rotation, "AT_ONCE", 5)
    assert key_rotation.begun(keyring, tables)
    assert list(itertools.islice(key_rotation.rewrap(keyring, tables), 1)) == [5]
    assert [s.data_keys for s in tables.standing()] == [5, 7]

    code, output = keys("rotate")

    assert code == 0, output
    assert "finishing" in output
    assert "7 data keys" in output
    assert [s.data_keys for s in tables.standing()] == [12, 0]


def test_a_server_reads_and_writes_while_keys_are_rotated(keyring, tables, settings, database):
    failed: list[BaseException] = []
    done = threading.Event()
    rounds = threading.Semaphore(0)

    def serve() -> None:
        try:
            own = open_keyring(settings, database)
            sealer = Sealer(own)
            while not done.is_set():
                sealed = sealer.seal("mail", b"password")
                own.new("blob")
                own.forget()
                assert sealer.unseal("mail", sealed) == b"password"
                rounds.release()
        except BaseException as error:
            failed.append(error)
        finally:
            database.close()

    keyring.new("blob")
    server = threading.Thread(target=serve)
    server.start()
    for _ in range(3):
        # Rotations follow each other in weeks: a reader meets one at a time.
        while rounds.acquire(blocking=False):
            pass
        assert rounds.acquire(timeout=60) or failed
        key_rotation.begun(keyring, tables)
        list(key_rotation.rewrap(keyring, tables))
        key_rotation.retire(keyring, tables)
    done.set()
    server.join()

    assert not failed


def test_a_server_that_still_knows_a_removed_wrapping_key_takes_the_new_one(
    keyring, tables, keys, settings, database
):
    server = open_keyring(settings, database)
    server.new("blob")
    keys("rotate")
    assert keys("retire", "--yes")[0] == 0

    id_, key = server.new("blob")

    assert open_keyring(settings, database).key(id_) == key
    assert len(tables.standing()) == 1


def test_a_wrapping_key_that_is_needed_is_not_retired(keyring, tables, monkeypatch):
    for _ in range(3):
        keyring.new("blob")
    monkeypatch.setattr(key_rotation, "AT_ONCE", 1)
    key_rotation.begun(keyring, tables)
    next(key_rotation.rewrap(keyring, tables))

    removed, versions = key_rotation.retire(keyring, tables)

    assert (removed, versions) == (0, [])
    assert all(keyring.unwrapped(r) for rows in tables.all_data_keys() for r in rows)


def test_a_backup_can_not_be_read_for_those_erased_since_once_keys_were_retired(
    keyring, tables, keys, settings, database, tmp_path
):
    """A backup is a copy of all that was stored, wrapped keys included."""
    erased, erased_key = keyring.shared("patient", 7)
    kept, kept_key = keyring.shared("patient", 8)
    backup = key_export.exported(tables)

    with database.transaction() as connection:
        destroy_of_owner(connection, 7)
    keys("rotate")
    keys("retire", "--yes")
    today = key_export.exported(tables)

    # The database as it was is restored, with its keys, and the master key of today.
    for name in ("keys.data", "keys.wrapping"):
        database.write(f"DELETE FROM {name}")
    key_export.imported(tables, backup)
    restored = open_keyring(settings, database)
    for id_ in (erased, kept):
        with pytest.raises(KeyUnavailable):
            restored.key(id_)

    # With the keys of today everything but the erased comes back.
    key_export.imported(tables, today)
    restored = open_keyring(settings, database)
    assert restored.key(kept) == kept_key
    with pytest.raises(KeyDestroyed):
        restored.key(erased)
    assert erased_key != kept_key


def test_a_destroyed_key_does_not_come_back_by_an_import(keyring, tables, database, settings):
    id_, _ = keyring.shared("patient", 7)
    before = key_export.exported(tables)
    with database.transaction() as connection:
        assert destroy_of_owner(connection, 7) == 1

    key_export.imported(tables, before)

    with pytest.raises(KeyDestroyed):
        open_keyring(settings, database).key(id_)


def test_what_is_no_export_is_refused(tables):
    for text in ("", "[]", "{}", '{"form": "other"}', '{"form": "fhirserver keys 1"}'):
        with pytest.raises(Invalid):
            key_export.imported(tables, text)


def test_an_export_holds_no_key_in_clear(keyring, tables, key_file, keys, tmp_path):
    import base64

    _, key = keyring.new("blob")

    assert keys("export", str(tmp_path / "keys.json"))[0] == 0

    text = (tmp_path / "keys.json").read_text()
    assert base64.b64encode(key).decode() not in text
    assert key_file.read_text().strip() not in text
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_check_opens_every_key_and_tells_of_those_that_were_changed(keyring, keys, database):
    ids = [keyring.new("blob")[0] for _ in range(3)]
    assert keys("check")[0] == 0

    database.write(
        "UPDATE keys.data SET wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20)) "
        "WHERE id = %s",
        (ids[0],),
    )
    code, output = keys("check")

    assert code == 1
    assert str(ids[0]) in output
    assert "2 data keys can be opened" in output


def test_wrapped_keys_can_not_be_exchanged(keyring, database, settings):
    (one, _), (two, _) = keyring.new("blob"), keyring.new("blob")
    database.write(
        "UPDATE keys.data SET wrapped = (SELECT wrapped FROM keys.data WHERE id = %s) "
        "WHERE id = %s",
        (one, two),
    )

    fresh = open_keyring(settings, database)

    fresh.key(one)
    with pytest.raises(KeyUnavailable, match="was changed"):
        fresh.key(two)


def test_status_says_where_the_keys_are(keyring, keys, key_file):
    keyring.new("blob")

    code, output = keys("status")

    assert code == 0
    assert str(key_file) in output
    assert "1 data keys" in output


def test_doctor_says_where_the_master_key_is_or_is_missing(settings, database, key_file):
    assert "made when it is first needed" in doctor.keys(settings)
    open_keyring(settings, database).new("blob")
    assert str(key_file) in doctor.keys(settings)
    key_file.unlink()
    with pytest.raises(KeyUnavailable, match="restore it"):
        doctor.keys(settings)


def test_another_provider_takes_over_by_a_rotation(keyring, tables, keys, database):
    import base64

    id_, key = keyring.new("blob")
    master = base64.b64encode(b"m" * 32).decode()

    code, output = keys(
        "rotate", FHIRSERVER_KEY_PROVIDER="environment", FHIRSERVER_MASTER_KEYS=master
    )

    assert code == 0, output
    moved = open_keyring(Settings(key_provider="environment", master_keys=master), database)
    assert moved.key(id_) == key


def test_a_key_that_the_database_lacks_is_told_with_what_to_do(keyring):
    with pytest.raises(KeyUnavailable, match="import the newest export"):
        keyring.key(UUID(int=1))
