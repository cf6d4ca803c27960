"""Sign-ins are on record. https://profiles.ihe.net/ITI/BALP/"""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.oauth.browser import Browser
from tests.oauth.people import PASSWORD


@pytest.fixture
def recorded(database_url):
    """The AuditEvents of sign-ins from an address."""

    def find(address):
        with psycopg.connect(database_url) as connection:
            rows = connection.execute(
                'SELECT content::text FROM resource."AuditEvent" '
                "WHERE content::text LIKE %s ORDER BY key",
                (f"%{address}%",),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    return find


def test_a_sign_in_a_failed_one_and_a_sign_out_are_on_record(make_app, ada, recorded):
    browser = Browser(make_app(audit_reads="strict"), "127.77.0.1")

    browser.sign_in(ada.name, "a guess")
    browser.sign_in("a password typed as a name", "a guess")
    browser.sign_in(ada.name, PASSWORD)
    browser.fill("/signout", action="/signout")

    events = recorded("127.77.0.1")
    assert [(e["subtype"][0]["code"], e["outcome"]) for e in events] == [
        ("110122", "4"),
        ("110122", "4"),
        ("110122", "0"),
        ("110123", "0"),
    ]
    text = json.dumps(events)
    assert ada.id in text
    assert "a password typed" not in text
    assert "a guess" not in text
