"""`fhirserver token` and `fhirserver db`."""

import re

from fhirserver.storage.tokens import grant


def test_it_prints_a_token_that_works_and_nothing_else(fhirserver, database, database_url):
    done = fhirserver(
        *("token", "--scope", "system/*.cruds", "--subject", "night feed", "--lifetime", "60"),
        FHIRSERVER_DATABASE_URL=database_url,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\S{40,}\n", done.stdout)
    granted = grant(database, done.stdout.strip())
    assert (granted.subject, granted.scope) == ("night feed", "system/*.cruds")


def test_a_scope_that_is_none_is_one_line(fhirserver, database_url):
    done = fhirserver("token", "--scope", "all", FHIRSERVER_DATABASE_URL=database_url)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_a_token_of_an_embedded_database_that_is_not_running(fhirserver, data_dir):
    done = fhirserver("token", "--scope", "system/*.cruds", "--data-dir", str(data_dir))

    assert done.returncode == 0


def test_db_upgrade_says_what_it_did_and_status_how_it_stands(fhirserver, data_dir):
    before = fhirserver("db", "status", "--data-dir", str(data_dir))
    upgraded = fhirserver("db", "upgrade", "--data-dir", str(data_dir))
    after = fhirserver("db", "status", "--data-dir", str(data_dir))

    assert (before.returncode, after.returncode) == (1, 0)
    assert "run `fhirserver db upgrade`" in before.stdout
    assert "applied 0001" in upgraded.stdout
    assert "the newest" in after.stdout
