"""Our own apps become clients, and stay what they are built as."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fhirserver import content, front_end, ids
from fhirserver.oauth import own_apps
from fhirserver.oauth.own_apps import Registered
from fhirserver.settings import Settings
from fhirserver.storage.clients import (
    Client,
    add_client,
    client_by_id,
    set_client_active,
    set_client_trusted,
)

SETTINGS = Settings(base_url="https://fhir.hospital.example/fhir")
POLICIES = content.folder("profiles") / "policies"
ADDRESS = "https://fhir.hospital.example/apps/chart/"


@pytest.fixture
def client_id():
    return f"chart-{ids.new()}"


@pytest.fixture
def build(tmp_path, client_id):
    """Builds an app: `build(scope="user/Patient.rs")`."""

    def make(**changed):
        app = {
            "name": "chart",
            "title": {"en": "Chart", "de": "Akte"},
            "client_id": client_id,
            "scope": "openid fhirUser launch online_access user/Patient.rs",
        }
        (tmp_path / "apps.json").write_text(json.dumps([app | changed]))
        return tmp_path

    return make


@pytest.fixture
def register(database, build):
    def act(settings=SETTINGS, **changed):
        return own_apps.register(database, settings, build(**changed))

    return act


def test_an_app_is_a_public_client_at_its_own_address_that_is_trusted(
    register, database, client_id
):
    assert register() == Registered(changed=("chart",))

    found = client_by_id(database, client_id)
    assert found.kind == "public"
    assert found.name == "Chart"
    assert found.redirect_uris == (ADDRESS,)
    assert found.launch_uri == ADDRESS
    assert found.scope == "openid fhirUser launch online_access user/Patient.rs"
    assert (found.is_active, found.is_trusted, found.own_app) == (True, True, "chart")


def test_doing_it_again_changes_nothing(register, database, client_id, build):
    register()
    before = client_by_id(database, client_id)

    assert register() == Registered()

    assert client_by_id(database, client_id) == before
    assert own_apps.missing(database, SETTINGS, build()) == []


def test_what_changed_is_changed(register, database, client_id, build):
    register()
    moved = Settings(base_url="https://new.hospital.example/fhir")
    assert own_apps.missing(database, moved, build()) == ["chart"]

    assert register(moved, scope="openid user/Observation.rs").changed == ("chart",)

    found = client_by_id(database, client_id)
    assert found.scope == "openid user/Observation.rs"
    assert found.redirect_uris == ("https://new.hospital.example/apps/chart/",)


def test_what_the_administrator_decided_stays(register, database, client_id):
    register()
    with database.transaction() as connection:
        set_client_active(connection, client_id, False)
        set_client_trusted(connection, client_id, False)

    register()
    register(scope="openid user/Observation.rs")

    found = client_by_id(database, client_id)
    assert (found.is_active, found.is_trusted) == (False, False)


def test_a_client_of_somebody_else_is_not_taken_over(register, database, client_id):
    theirs = Client(client_id, "Theirs", "public", redirect_uris=("https://app.example/back",))
    with database.transaction() as connection:
        add_client(connection, theirs)

    (reason,) = register().refused

    assert client_id in reason
    found = client_by_id(database, client_id)
    assert (found.name, found.is_trusted, found.redirect_uris) == (
        "Theirs",
        False,
        ("https://app.example/back",),
    )


@pytest.mark.parametrize(
    "scope", ["user/Nothing.rs", "everything", "system/*.rs", "user/Patient.rs?name=x"]
)
def test_a_scope_that_can_t_be_enforced_is_refused_with_the_app_s_name(register, scope):
    done = register(scope=scope)

    assert done.changed == ()
    assert "chart" in done.refused[0]


def test_one_that_can_t_be_registered_keeps_none_of_the_others(database, build, client_id):
    built = build()
    (chart,) = json.loads((built / "apps.json").read_text())
    other = chart | {"name": "other", "client_id": f"other-{client_id}", "scope": "nonsense"}
    (built / "apps.json").write_text(json.dumps([other, chart]))

    done = own_apps.register(database, SETTINGS, built)

    assert done.changed == ("chart",)
    assert "other" in done.refused[0]
    assert own_apps.missing(database, SETTINGS, built) == ["other"]


def test_a_broken_build_is_told_and_registers_nothing(database, tmp_path):
    (tmp_path / "apps.json").write_text("{")

    assert "apps.json" in own_apps.register(database, SETTINGS, tmp_path).refused[0]


def test_where_nothing_is_built_nothing_is_registered(database, monkeypatch):
    monkeypatch.setattr("fhirserver.front_end.folder", lambda: None)

    assert own_apps.register(database, SETTINGS) == Registered()


SOURCE = Path(__file__).parents[2] / "smart_apps"
DESCRIBED = sorted(SOURCE.glob("*/app.json"))


@pytest.mark.parametrize("place", DESCRIBED, ids=lambda place: place.parent.name)
def test_each_of_our_apps_can_be_registered(tmp_path, place):
    described = json.loads(place.read_text())
    (tmp_path / "apps.json").write_text(json.dumps([described]))

    (app,) = front_end.apps(tmp_path)

    assert app.name == place.parent.name
    assert own_apps.client_of(app, SETTINGS).scope == described["scope"]
    assert set(described["launch"]) <= {"standalone", "ehr"}
    assert ("launch" in described["scope"].split()) == ("ehr" in described["launch"])
    policies = [json.loads(policy.read_text()) for policy in POLICIES.glob("*.json")]
    assert set(described["roles"]) <= {role for policy in policies for role in policy["roles"]}
    assert set(described.get("needs", [])) <= {"camera", "webassembly"}
    assert {"en", "de"} <= set(described["title"])


def test_no_two_of_our_apps_are_the_same_client():
    ids_of_clients = [json.loads(place.read_text())["client_id"] for place in DESCRIBED]

    assert len(set(ids_of_clients)) == len(ids_of_clients)
