"""Whatever ends a token before its time lets the number grow on which remembered tokens depend."""

from __future__ import annotations

import pytest

from fhirserver.storage import epoch, grants, tokens


@pytest.fixture
def a_token(database):
    made = tokens.issue(database, subject="epoch", scope="system/*.r", lifetime_seconds=600)
    return made, tokens.caller(database, made)


def family_revoked(database, token, caller):
    grants.revoke_family(database, caller.family)


def token_revoked(database, token, caller):
    grants.revoke_token(database, token)


def row_deleted(database, token, caller):
    # By hand, as an administrator might.
    database.write("DELETE FROM access.family WHERE id = %s", (caller.family,))


@pytest.mark.parametrize("end", [family_revoked, token_revoked, row_deleted])
def test_the_end_of_a_token_is_told(database, a_token, end):
    before = epoch.current(database)

    end(database, *a_token)

    assert epoch.current(database) > before
    assert tokens.caller(database, a_token[0]) is None


def test_what_ends_nothing_is_not_told(database, a_token):
    before = epoch.current(database)

    grants.note_use(database, a_token[1].family)
    tokens.issue(database, subject="epoch", scope="system/*.r", lifetime_seconds=600)

    assert epoch.current(database) == before


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("session", "UPDATE access.session SET ended = now() WHERE false"),
        ("client", "UPDATE access.client SET is_active = is_active"),
    ],
)
def test_a_statement_that_changes_nobody_is_not_told(database, table, change):
    before = epoch.current(database)

    database.write(change)

    assert epoch.current(database) == before


def test_a_remembered_token_ends_with_the_next_request(app, client, database, a_token):
    token, caller = a_token
    headers = {"Authorization": f"Bearer {token}"}
    address = "/fhir/Patient?_summary=count"
    first = client.get(address, headers=headers).status_code

    grants.revoke_family(database, caller.family)

    assert first != 401
    assert client.get(address, headers=headers).status_code == 401
