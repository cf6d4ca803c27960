"""A dump of the tables with secrets holds none that can be read."""

import pyotp

from fhirserver import ids
from fhirserver.app import open_keyring
from fhirserver.keys.sealer import Sealer
from fhirserver.oauth.signing import Signing
from fhirserver.oauth.signing_in.authenticator_app import AuthenticatorApps
from fhirserver.storage.secrets import shared_key
from fhirserver.storage.tokens import issue
from tests.peers.dump import dump, holds


def test_a_dump_holds_no_secret_in_clear(database, settings, keys_url, key_file):
    sealer = Sealer(open_keyring(settings, database))
    shared = [shared_key(database, sealer, n) for n in ("page-links", "forms", "audit")]
    signing = Signing(database, sealer).key().as_pem(private=True)
    token = issue(database, subject="test", scope="system/*.r", lifetime_seconds=60)
    data_key = sealer.keyring.new("blob")[1]

    text = dump(keys_url, "access", "fhir", "keys", "audit")

    assert "COPY fhir.secret" in text
    assert "COPY keys.data" in text
    for secret in (*shared, data_key, token, key_file.read_text().strip()):
        assert not holds(text, secret)
    lines = signing.decode().splitlines()[1:-1]
    assert not any(line in text for line in lines)
    assert "PRIVATE KEY" not in text


def test_the_search_for_secrets_would_find_them(database, keys_url):
    database.write("INSERT INTO fhir.secret (name, value) VALUES ('clear', %s)", (b"s" * 32,))

    assert holds(dump(keys_url, "fhir"), b"s" * 32)


def test_the_seed_of_a_one_time_password_is_sealed(database, settings, keys_url):
    from fhirserver.storage import users

    account = users.add(database, f"user-{ids.new()[:8]}")
    seed = pyotp.random_base32()
    apps = AuthenticatorApps(database, Sealer(open_keyring(settings, database)))

    apps.connect(account.id, seed, 0)

    text = dump(keys_url, "access")
    assert "COPY access.user_credential" in text
    assert not holds(text, seed)
    assert apps.is_right(account.id, pyotp.TOTP(seed).now())
