"""Secrets at rest."""

import threading

import pytest

from fhirserver.app import open_keyring
from fhirserver.errors import KeyUnavailable
from fhirserver.keys import keyring as keyring_module
from fhirserver.keys.aead import NotAuthentic
from fhirserver.keys.sealer import Sealer
from fhirserver.settings import Settings
from fhirserver.storage.secrets import shared_key


@pytest.fixture
def sealer(keyring) -> Sealer:
    return Sealer(keyring)


def test_a_secret_comes_back_under_its_name(sealer):
    sealed = sealer.seal("user/1/totp", b"JBSWY3DPEHPK3PXP")

    assert b"JBSWY3DPEHPK3PXP" not in sealed
    assert sealer.unseal("user/1/totp", sealed) == b"JBSWY3DPEHPK3PXP"


def test_a_secret_can_not_be_moved_to_another_row(sealer):
    sealed = sealer.seal("user/1/totp", b"JBSWY3DPEHPK3PXP")

    with pytest.raises(NotAuthentic):
        sealer.unseal("user/2/totp", sealed)


def test_every_flipped_byte_of_a_secret_is_noticed(sealer):
    sealed = sealer.seal("mail", b"password")

    for place in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[place] ^= 1
        with pytest.raises((NotAuthentic, KeyUnavailable)):
            sealer.unseal("mail", bytes(flipped))


def test_another_server_with_the_same_master_key_reads_the_secret(sealer, settings, database):
    sealed = sealer.seal("mail", b"password")

    assert Sealer(open_keyring(settings, database)).unseal("mail", sealed) == b"password"


def test_a_server_with_another_master_key_is_told_what_to_do(sealer, tmp_path, database):
    sealed = sealer.seal("mail", b"password")
    stranger = Sealer(open_keyring(Settings(data_dir=tmp_path / "elsewhere"), database))

    with pytest.raises(KeyUnavailable, match="restore it from its backup"):
        stranger.unseal("mail", sealed)
    assert not (tmp_path / "elsewhere").exists()


def test_a_client_is_not_told_where_the_master_key_is(sealer, tmp_path, database):
    sealed = sealer.seal("mail", b"password")
    stranger = Sealer(open_keyring(Settings(data_dir=tmp_path / "elsewhere"), database))

    with pytest.raises(KeyUnavailable) as caught:
        stranger.unseal("mail", sealed)

    assert str(tmp_path) not in caught.value.issues[0].text


def test_a_key_that_was_unwrapped_is_kept_for_five_minutes(sealer, key_file, monkeypatch):
    sealed = sealer.seal("mail", b"password")
    key_file.rename(key_file.with_name("away"))

    assert sealer.unseal("mail", sealed) == b"password"

    now = keyring_module.time.monotonic
    monkeypatch.setattr(keyring_module.time, "monotonic", lambda: now() + 301)
    with pytest.raises(KeyUnavailable):
        sealer.unseal("mail", sealed)


def test_servers_that_start_at_once_agree_on_their_first_keys(settings, database):
    found, failed = [], []
    barrier = threading.Barrier(8)

    def start() -> None:
        try:
            sealer = Sealer(open_keyring(settings, database))
            barrier.wait()
            found.append(shared_key(database, sealer, "page-links"))
        except Exception as error:
            failed.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_shared_key_of_an_older_release_stays_and_is_sealed(sealer, database):
    database.write("INSERT INTO fhir.secret (name, value) VALUES ('page-links', %s)", (b"k" * 32,))

    assert shared_key(database, sealer, "page-links") == b"k" * 32

    (stored, sealed), *_ = database.read("SELECT value, sealed FROM fhir.secret")
    assert sealed
    assert b"kkkk" not in bytes(stored)
    assert shared_key(database, sealer, "page-links") == b"k" * 32
