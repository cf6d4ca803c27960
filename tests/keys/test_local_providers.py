"""Master keys in a file and in the environment."""

import base64
import stat

import pytest

from fhirserver.errors import KeyUnavailable
from fhirserver.keys.opening import providers
from fhirserver.settings import InvalidSetting, Settings

KEY = bytes(range(32))


def encoded(*keys: bytes) -> str:
    return ",".join(base64.b64encode(k).decode() for k in keys)


@pytest.fixture
def file(key_file):
    return providers["file"](Settings(key_file=key_file))


def of_environment(*keys: bytes):
    return providers["environment"](Settings(master_keys=encoded(*keys)))


def test_the_file_is_made_when_first_needed_and_only_ours_to_read(file, key_file):
    assert file.unwrap(file.wrap(KEY)) == KEY

    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert [p.name for p in key_file.parent.iterdir()] == ["master.keys"]


def test_a_file_that_others_may_read_is_refused(file, key_file):
    file.wrap(KEY)
    key_file.chmod(0o640)

    with pytest.raises(KeyUnavailable, match="chmod 600"):
        file.wrap(KEY)


@pytest.mark.parametrize("text", ["", "no base64!\n", "c2hvcnQ=\n", "\xff"])
def test_a_damaged_file_is_never_replaced_by_a_new_one(file, key_file, text):
    file.wrap(KEY)
    key_file.write_text(text)

    with pytest.raises(KeyUnavailable):
        file.wrap(KEY)
    assert key_file.read_text() == text


def test_what_was_wrapped_before_a_rotation_still_opens(file):
    old = file.wrap(KEY)

    file.rotate()

    assert file.current() != old.version
    assert file.wrap(KEY).version == file.current()
    assert file.unwrap(old) == KEY


def test_a_retired_version_is_gone_from_the_file(file, key_file):
    old = file.wrap(KEY)
    file.rotate()

    assert file.retire([file.current()]) == [old.version]

    assert len(key_file.read_text().split()) == 1
    with pytest.raises(KeyUnavailable, match=old.version):
        file.unwrap(old)


def test_the_newest_version_is_never_retired(file):
    file.wrap(KEY)
    newest = file.current()

    assert file.retire([]) == []
    assert file.current() == newest


def test_the_environment_rotates_by_a_key_put_first():
    one, two = b"1" * 32, b"2" * 32
    old = of_environment(one).wrap(KEY)

    both = of_environment(two, one)

    assert both.current() != old.version
    assert both.unwrap(old) == KEY
    with pytest.raises(KeyUnavailable, match="FHIRSERVER_MASTER_KEYS"):
        of_environment(two).unwrap(old)
    with pytest.raises(KeyUnavailable, match="openssl rand"):
        both.rotate()
    with pytest.raises(KeyUnavailable, match="take it out"):
        both.retire([both.current()])


@pytest.mark.parametrize("keys", ["", "short", encoded(b"16 bytes are few")])
def test_keys_in_the_environment_that_can_not_be_used_are_named(keys):
    with pytest.raises(InvalidSetting, match="FHIRSERVER_MASTER_KEYS"):
        providers["environment"](Settings(master_keys=keys))


def test_master_keys_never_show_when_settings_are_printed():
    assert encoded(KEY) not in repr(Settings(master_keys=encoded(KEY)))
