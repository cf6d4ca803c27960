"""Master keys in AWS KMS and in Vault, over HTTP with peers that speak their protocols."""

import subprocess
import sys

import pytest

from fhirserver.app import open_keyring
from fhirserver.errors import KeyUnavailable
from fhirserver.keys.opening import providers
from fhirserver.keys.provider import Wrapped
from fhirserver.keys.sealer import Sealer
from fhirserver.settings import InvalidSetting, Settings
from fhirserver.storage import key_rotation
from fhirserver.storage.keys import KeyTables
from tests.peers.aws_kms import KMS, PREFIX
from tests.peers.http_peer import serving
from tests.peers.vault import Vault

KEY = bytes(range(32))


@pytest.fixture
def kms(monkeypatch):
    pytest.importorskip("boto3", reason="needs the extra aws")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return KMS({PREFIX + "one": [b"1" * 32], PREFIX + "two": [b"2" * 32]}, {"alias/fhir": "one"})


@pytest.fixture
def kms_settings(kms):
    with serving(kms.answer, "application/x-amz-json-1.1") as url:
        yield Settings(
            key_provider="aws-kms",
            kms_key_id="alias/fhir",
            kms_region="eu-central-1",
            kms_endpoint_url=url,
        )


@pytest.fixture
def vault():
    pytest.importorskip("hvac", reason="needs the extra vault")
    return Vault()


@pytest.fixture
def vault_settings(vault, tmp_path):
    (tmp_path / "token").write_text("s.good\n")
    with serving(vault.answer) as url:
        yield Settings(key_provider="vault", vault_url=url, vault_token_file=tmp_path / "token")


def opened(settings):
    return providers[settings.key_provider](settings)


def test_kms_wraps_and_unwraps_under_the_key_that_an_alias_means(kms_settings):
    provider = opened(kms_settings)

    wrapped = provider.wrap(KEY)

    assert wrapped.version == PREFIX + "one" == provider.current()
    assert KEY not in wrapped.data
    assert provider.unwrap(wrapped) == KEY
    assert PREFIX + "one" in provider.health()


def test_kms_opens_what_it_wrapped_before_a_rotation(kms, kms_settings):
    provider = opened(kms_settings)
    wrapped = provider.wrap(KEY)

    provider.rotate()

    assert len(kms.keys[PREFIX + "one"]) == 2
    assert provider.unwrap(wrapped) == KEY
    assert provider.retire([]) == []


def test_kms_does_not_open_what_another_key_wrapped(kms_settings):
    provider = opened(kms_settings)
    wrapped = provider.wrap(KEY)

    with pytest.raises(KeyUnavailable, match="was changed, or is under another key"):
        provider.unwrap(Wrapped(PREFIX + "two", wrapped.data))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("AccessDeniedException", "kms:Decrypt"),
        ("NotFoundException", "FHIRSERVER_KMS_KEY_ID"),
        ("DisabledException", "enable it"),
        ("LimitExceededException", "make a new one"),
    ],
)
def test_what_kms_refuses_is_told_with_what_to_do(kms, kms_settings, fault, said):
    provider = opened(kms_settings)
    kms.fault = fault

    with pytest.raises(KeyUnavailable, match=said):
        provider.wrap(KEY)


def test_a_kms_that_can_not_be_reached_is_told_with_what_to_check(kms):
    provider = opened(
        Settings(
            key_provider="aws-kms", kms_key_id="x", kms_region="eu-central-1",
            kms_endpoint_url="http://127.0.0.1:9",
        )
    )  # fmt: skip

    with pytest.raises(KeyUnavailable, match="FHIRSERVER_KMS_REGION, the credentials"):
        provider.wrap(KEY)


def test_a_disabled_kms_key_is_no_healthy_one(kms, kms_settings):
    kms.state = "PendingDeletion"

    with pytest.raises(KeyUnavailable, match="PendingDeletion"):
        opened(kms_settings).health()


def test_vault_wraps_and_unwraps(vault_settings):
    provider = opened(vault_settings)

    wrapped = provider.wrap(KEY)

    assert wrapped.version == "fhirserver:v1" == provider.current()
    assert provider.unwrap(wrapped) == KEY
    assert "fhirserver:v1" in provider.health()


def test_vault_rotates_and_retires(vault, vault_settings):
    provider = opened(vault_settings)
    old = provider.wrap(KEY)
    provider.rotate()
    new = provider.wrap(KEY)
    assert new.version == "fhirserver:v2"
    assert provider.unwrap(old) == KEY
    assert provider.retire([old.version, new.version]) == []

    assert provider.retire([new.version]) == ["fhirserver:v1"]

    assert list(vault.versions) == [2]
    assert provider.unwrap(new) == KEY
    with pytest.raises(KeyUnavailable, match="retired"):
        provider.unwrap(old)
    assert provider.retire([new.version]) == []


def test_a_token_that_vault_agent_renews_is_taken_from_its_file(vault, vault_settings):
    provider = opened(vault_settings)
    wrapped = provider.wrap(KEY)
    vault.token = "s.new"
    with pytest.raises(KeyUnavailable, match="FHIRSERVER_VAULT_TOKEN_FILE"):
        provider.unwrap(wrapped)

    vault_settings.vault_token_file.write_text("s.new")

    assert provider.unwrap(wrapped) == KEY


def test_what_is_wrong_with_vault_is_told_with_what_to_do(vault, vault_settings, tmp_path):
    provider = opened(vault_settings)
    vault.is_sealed = True
    with pytest.raises(KeyUnavailable, match="unseal it"):
        provider.wrap(KEY)
    vault.is_sealed = False
    vault.name = "other"
    with pytest.raises(KeyUnavailable, match="the key may be missing"):
        provider.wrap(KEY)
    (tmp_path / "token").unlink()
    with pytest.raises(KeyUnavailable, match="can't read Vault's token"):
        provider.wrap(KEY)


def test_a_vault_that_can_not_be_reached_is_named(vault, tmp_path):
    (tmp_path / "token").write_text("s.good")
    provider = opened(
        Settings(
            key_provider="vault", vault_url="http://127.0.0.1:9",
            vault_token_file=tmp_path / "token",
        )
    )  # fmt: skip

    with pytest.raises(KeyUnavailable, match=r"Vault at http://127\.0\.0\.1:9: can't be reached"):
        provider.wrap(KEY)


@pytest.mark.parametrize(
    ("provider", "said"), [("aws-kms", "FHIRSERVER_KMS_KEY_ID"), ("vault", "FHIRSERVER_VAULT_URL")]
)
def test_a_setting_that_is_missing_is_named(kms, vault, provider, said):
    with pytest.raises(InvalidSetting, match=said):
        opened(Settings(key_provider=provider))


def test_a_thousand_data_keys_cost_kms_one_call_a_start(kms, kms_settings, database):
    keyring = open_keyring(kms_settings, database)
    ids = [keyring.new("blob")[0] for _ in range(20)]
    assert kms.calls == ["Encrypt"]
    kms.calls.clear()

    fresh = open_keyring(kms_settings, database)

    assert len({fresh.key(i) for i in ids}) == 20
    assert kms.calls == ["Decrypt"]


@pytest.mark.parametrize("where", ["kms_settings", "vault_settings"])
def test_secrets_stay_readable_when_a_far_master_key_is_rotated(where, request, database):
    settings = request.getfixturevalue(where)
    keyring, tables = open_keyring(settings, database), KeyTables(database)
    sealed = Sealer(keyring).seal("mail", b"password")

    assert key_rotation.begun(keyring, tables)
    assert list(key_rotation.rewrap(keyring, tables)) == [1]
    key_rotation.retire(keyring, tables)

    assert Sealer(open_keyring(settings, database)).unseal("mail", sealed) == b"password"


def test_the_libraries_of_providers_that_are_not_used_are_not_loaded():
    script = (
        "import sys, fhirserver.keys.opening; "
        "print(sorted({'boto3', 'botocore', 'hvac', 'requests'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
