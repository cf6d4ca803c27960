"""A subscription that an app made for its user ends with what they have granted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from fhirserver import clock, ids
from fhirserver.storage import clients, grants, sessions, users
from fhirserver.storage.grants import Family, add_token, new_secret, start_family
from fhirserver.storage.sessions import Limits


@dataclass
class App:
    """A client with a token of an app that a user has granted something."""

    client_id: str
    user: str
    session: str
    family: str
    client: FlaskClient


@pytest.fixture
def granted(hooks_app, database):
    def make(*, is_offline=True, of=None):
        user = of.user if of else users.add(database, f"u-{ids.new()}", roles=["admin"]).id
        sessions.start(database, user, ["password"])
        session = sessions.sessions_of(database, user, Limits(900, 3600))[0]
        client_id = of.client_id if of else ids.new()
        scope = "user/*.cruds"
        family = Family(
            user,
            scope,
            clock.now() + timedelta(hours=1),
            client=client_id,
            user=user,
            session=session.id,
            is_offline=is_offline,
        )
        token = new_secret()
        with database.transaction() as connection:
            clients.add_client(connection, clients.Client(client_id, "An app", "public"))
            started = start_family(connection, family)
            add_token(connection, token, started, "access", scope, 600)
        client = hooks_app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return App(client_id, user, session.id, started, client)

    return make


@pytest.fixture
def told(hooks, peer, turn, subscribe):
    """Subscribes as an app, ends what it was granted, and gives back the Subscription."""

    def run(app, end):
        code = ids.new()
        id_ = subscribe(f"AuditEvent?type=urn:test|{code}", peer.address, client=app.client)
        happens(hooks, code)
        turn()
        assert peer.numbers() == [1], "while it is granted"
        end(app)
        happens(hooks, code)
        turn()
        return hooks.get(f"/fhir/Subscription/{id_}").json

    return run


def happens(hooks, code):
    """Something that the user may see."""
    event = {
        "resourceType": "AuditEvent",
        "type": {"system": "urn:test", "code": code},
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": {"display": "x"}},
    }
    assert hooks.post("/fhir/AuditEvent", json=event).status_code == 201


def tasks(hooks, subscription):
    return hooks.get(f"/fhir/Task?focus=Subscription/{subscription['id']}").json.get("entry", [])


def test_who_takes_back_what_they_granted_ends_the_subscription(
    database, granted, told, peer, hooks
):
    found = told(granted(), lambda app: grants.revoke_family(database, app.family))

    assert peer.numbers() == [1]
    assert found["status"] == "off"
    assert "granted" in found["error"]
    assert tasks(hooks, found) == []


def test_what_has_run_out_ends_it_as_well(database, granted, told, peer):
    def end(app):
        # The number of the rights would be read again half a minute later.
        database.write("UPDATE access.family SET expires = now() WHERE id = %s", (app.family,))
        database.write("UPDATE access.epoch SET number = number + 1")

    assert told(granted(), end)["status"] == "off"
    assert peer.numbers() == [1]


def test_signing_out_ends_it_for_an_app_without_offline_access(database, granted, told, peer):
    found = told(
        granted(is_offline=False), lambda app: sessions.end(database, app.session, app.user)
    )

    assert found["status"] == "off"
    assert peer.numbers() == [1]


def test_signing_out_does_not_end_it_for_one_that_has(database, granted, told, peer):
    found = told(granted(), lambda app: sessions.end(database, app.session, app.user))

    assert found["status"] == "active"
    assert peer.numbers() == [1, 2]


def test_a_disabled_client_is_told_nothing(database, granted, told, peer, hooks):
    def end(app):
        with database.transaction() as connection:
            assert clients.set_client_active(connection, app.client_id, False)

    found = told(granted(), end)

    assert peer.numbers() == [1]
    assert found["status"] == "error"
    assert len(tasks(hooks, found)) == 1


def test_who_grants_it_again_is_told_again(database, granted, told, peer, hooks, turn):
    first = granted()
    off = told(first, lambda app: grants.revoke_family(database, app.family))

    again = granted(of=first)
    asked = {k: v for k, v in off.items() if k != "error"} | {"status": "requested"}
    assert again.client.put(f"/fhir/Subscription/{off['id']}", json=asked).status_code == 200
    turn()
    happens(hooks, off["criteria"].partition("|")[2])
    turn()

    assert peer.numbers() == [1, 2]


def test_a_token_that_a_user_made_for_a_script_may_run_out(database, granted, told, peer):
    def end(app):
        database.write(
            "UPDATE access.family SET client = NULL, expires = now() WHERE id = %s", (app.family,)
        )
        database.write("UPDATE access.epoch SET number = number + 1")

    assert told(granted(), end)["status"] == "active"
    assert peer.numbers() == [1, 2]
