"""What an administrator does for users who have lost their way in: `fhirserver user reset`."""

from __future__ import annotations

from click.testing import CliRunner

from fhirserver.cli import main
from fhirserver.storage import credentials, recovery_codes
from tests.oauth.browser import Browser
from tests.oauth.people import PASSWORD
from tests.oauth.test_sign_in import who


def run(*arguments):
    done = CliRunner().invoke(main, ["user", *arguments])
    assert done.exit_code == 0, done.output
    return done


def test_who_has_lost_the_phone_starts_anew(
    app, browser, ada, connected, database, database_url, monkeypatch
):
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)

    run("reset", ada.name)

    assert who(app, browser) is None
    assert credentials.credentials(database, ada.id, "totp") == []
    assert recovery_codes.left(database, ada.id) == 0
    assert Browser(app).sign_in(ada.name, PASSWORD).location == "/"


def test_who_is_locked_out_is_let_in_again(app, ada, database_url, monkeypatch):
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)
    browser = Browser(app, "127.66.0.1")
    for number in range(11):
        browser.sign_in(ada.name, f"guess {number}")
    assert browser.sign_in(ada.name, PASSWORD).status_code == 401

    run("unlock", ada.name)

    assert browser.sign_in(ada.name, PASSWORD).status_code == 303
