"""`fhirserver user`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from fhirserver.cli import main


@pytest.fixture
def user(database_url, monkeypatch):
    """Runs `fhirserver user ...` and returns what it did."""
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)

    def run(*arguments):
        return CliRunner().invoke(main, ["user", *arguments])

    return run


def test_a_user_is_added_given_roles_disabled_and_let_in_again(user):
    added = user(
        "add", "Grace", "--fhir-user", "Practitioner/9", "--role", "doctor", "--role", "auditor",
        "--password", "nine brown moths",
    )  # fmt: skip

    assert added.exit_code == 0, added.output
    assert added.output == "grace  Practitioner/9  auditor,doctor\n"
    assert user("roles", "grace", "nurse").output == "grace  Practitioner/9  nurse\n"
    assert user("disable", "grace").exit_code == 0
    assert "grace  Practitioner/9  nurse  disabled\n" in user("list").output
    assert user("enable", "GRACE").exit_code == 0
    assert "grace  Practitioner/9  nurse\n" in user("list").output
    assert user("password", "grace", "--password", "ten brown moths").exit_code == 0


@pytest.fixture
def recorded(database):
    """What is on record of commands about a user: subtype, outcome, description."""

    def find(name):
        rows = database.read(
            "SELECT content #>> '{subtype,1,code}', content ->> 'outcome', "
            "content ->> 'outcomeDesc', content #>> '{agent,0,who,identifier,value}' "
            "FROM resource.\"AuditEvent\" WHERE content #>> '{subtype,1,code}' LIKE 'cli-%%' "
            "AND key > %s ORDER BY key",
            (name,),
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    return find


def test_what_is_done_to_a_user_is_on_record(user, database, recorded):
    (last,) = database.read('SELECT coalesce(max(key), 0) FROM resource."AuditEvent"')
    user("add", "edith", "--role", "nurse", "--password", "nine brown moths")
    user("disable", "edith")
    user("list")
    user("roles", "nobody-of-that-name", "nurse")

    assert recorded(last[0]) == [
        ("cli-user-add", "0", "edith", "fhirserver user add"),
        ("cli-user-disable", "0", "edith", "fhirserver user disable"),
        ("cli-user-roles", "0", "nobody-of-that-name", "fhirserver user roles"),
        ("cli-user-roles", "4", "404 not-found", "fhirserver user roles"),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "joan", "--password", "short"], "at least 8 characters"),
        (["add", "joan", "--password", "password1"], "tried first"),
        (["add", "joan", "--password", "joan-2026"], "easy to guess"),
        (["add", "joan", "--password", "aaaaaaaaaaaa"], "easy to guess"),
        (["add", "jo an", "--password", "nine brown moths"], "without spaces"),
        (["add", "joan", "--fhir-user", "Device/1", "--password", "nine brown moths"], "Patient/1"),
        (["disable", "nobody-of-that-name"], "no user"),
        (["roles", "nobody-of-that-name", "nurse"], "no user"),
    ],
)
def test_what_can_not_be_done_is_told_in_a_line(user, arguments, told):
    done = user(*arguments)

    assert done.exit_code == 1
    assert told in done.output
    assert "Traceback" not in done.output


def test_a_name_is_given_once(user):
    user("add", "mary", "--password", "nine brown moths")

    again = user("add", "MARY", "--password", "nine brown moths")

    assert again.exit_code == 1
    assert "already" in again.output
