"""`/apps/me.json`."""

from __future__ import annotations

import pytest

from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.tokens import issue


@pytest.fixture
def nurse(database):
    return users.add(database, f"nurse-{ids.new()}", display="Ada Nurse", roles=("nurse", "doctor"))


@pytest.fixture
def anybody(app):
    return app.test_client()


def asked(anybody, token):
    return anybody.get("/apps/me.json", headers={"Authorization": f"Bearer {token}"})


def test_a_person_is_told_their_name_and_roles(anybody, database, nurse):
    token = issue(database, subject=nurse.id, scope="user/*.rs", lifetime_seconds=60, user=nurse.id)

    answer = asked(anybody, token)

    assert answer.json == {
        "id": nurse.id,
        "name": "Ada Nurse",
        "fhirUser": None,
        "roles": ["doctor", "nurse"],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_service_is_nobody(anybody, token):
    assert asked(anybody, token()).status_code == 403


def test_without_a_token_nobody_is_told_anything(anybody):
    assert anybody.get("/apps/me.json").status_code == 401
