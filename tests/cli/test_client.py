"""`fhirserver client`, and tokens of users."""

import json
import re

import pytest

from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.clients import client_by_id
from fhirserver.storage.tokens import caller
from tests.smart.dance import key_pair, public

REDIRECT = ("--redirect-uri", "https://app.example/back")


@pytest.fixture
def run(fhirserver, database_url, tmp_path):
    def call(*arguments):
        return fhirserver(
            *arguments, FHIRSERVER_DATABASE_URL=database_url, FHIRSERVER_DATA_DIR=str(tmp_path)
        )

    return call


def test_an_app_is_added_listed_and_disabled(run, database):
    added = run("client", "add", "Growth Chart", "--kind", "symmetric", *REDIRECT)
    assert added.returncode == 0, added.stderr
    client_id = re.search(r"client_id (\S+)", added.stdout)[1]
    secret = re.search(r"client_secret (\S+)", added.stdout)[1]
    assert client_by_id(database, client_id).has_secret(secret)

    assert client_id in run("client", "list").stdout
    run("client", "disable", client_id)

    assert not client_by_id(database, client_id).is_active


def test_a_service_is_added_with_its_keys(run, database, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(public(key_pair())))

    added = run("client", "add", "Nightly export", "--service", "--jwks", str(keys))

    client = client_by_id(database, added.stdout.split()[1])
    assert (client.kind, client.grant_types) == ("asymmetric", ("client_credentials",))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--redirect-uri", "javascript:alert(1)"),
        ("--redirect-uri", "http://app.example/back"),
        (*REDIRECT, "--scope", "patient/Observation.rs?code:text=x"),
        (*REDIRECT, "--kind", "asymmetric"),
        ("--service", "--jwks-uri", "http://169.254.169.254/keys"),
    ],
)
def test_what_can_t_be_safe_is_refused_in_one_line(run, arguments):
    done = run("client", "add", "App", *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_a_token_of_a_user_has_that_user_s_rights_and_can_be_revoked(run, database):
    user = users.add(database, f"doctor-{ids.new()}", roles=["doctor"])

    token = run("token", "--user", user.name).stdout.strip()
    found = caller(database, token)
    assert (found.user.id, found.user.roles) == (user.id, frozenset(["doctor"]))
    assert found.scope == "user/*.cruds"
    assert run("token", "--revoke", token).returncode == 0

    assert caller(database, token) is None


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--user", "nobody-of-that-name"),
        ("--scope", "patient/*.rs"),
        ("--scope", "system/*.rs", "--user", "doctor"),
    ],
)
def test_a_token_that_would_be_of_no_use_is_refused(run, arguments):
    assert run("token", *arguments).returncode == 1


def test_a_new_signing_key_is_made(fhirserver, app, database_url):
    settings = app.extensions["fhirserver"].context.settings

    done = fhirserver(
        *("keys", "rotate-signing"),
        FHIRSERVER_DATABASE_URL=database_url,
        FHIRSERVER_DATA_DIR=str(settings.data_dir.resolve()),
        **({"FHIRSERVER_KEY_FILE": str(settings.key_file)} if settings.key_file else {}),
    )

    assert done.stdout.startswith("signing key "), done.stderr


def test_an_app_is_trusted_and_not_any_more(run, database):
    client_id = run("client", "add", "Ours", *REDIRECT).stdout.split()[1]
    assert not client_by_id(database, client_id).is_trusted

    assert run("client", "trust", client_id).returncode == 0
    assert client_by_id(database, client_id).is_trusted
    assert f"{client_id} 'Ours' public (trusted)" in run("client", "list").stdout
    run("client", "trust", client_id, "--off")

    assert not client_by_id(database, client_id).is_trusted
    assert run("client", "trust", "nobody").returncode == 1
