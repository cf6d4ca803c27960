"""Our own apps, as `db upgrade` and `doctor` see them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from fhirserver import front_end, ids
from fhirserver.cli import main
from fhirserver.cli.commands import doctor
from fhirserver.settings import Settings
from fhirserver.storage.clients import client_by_id

BASE = "https://fhir.hospital.example/fhir"


@pytest.fixture
def client_id():
    return f"chart-{ids.new()}"


@pytest.fixture
def built(tmp_path, monkeypatch, client_id):
    """Builds an app of these scopes."""

    def make(scope="openid user/Patient.rs"):
        app = {"name": "chart", "title": {"en": "Chart"}, "client_id": client_id, "scope": scope}
        (tmp_path / "apps.json").write_text(json.dumps([app]))
        monkeypatch.setattr(front_end, "folder", lambda: tmp_path)

    return make


@pytest.fixture
def upgrade(database_url, monkeypatch):
    """`fhirserver db upgrade`."""
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)
    monkeypatch.setenv("FHIRSERVER_BASE_URL", BASE)
    return lambda: CliRunner().invoke(main, ["db", "upgrade"])


@pytest.fixture
def settings(database_url):
    return Settings(database_url=database_url, base_url=BASE)


def test_an_upgrade_registers_the_apps(built, upgrade, database, client_id, settings):
    built()
    with pytest.raises(doctor.Trouble, match="chart"):
        doctor.apps(settings)

    done = upgrade()

    assert done.exit_code == 0, done.output
    assert "registered the app chart" in done.output
    found = client_by_id(database, client_id)
    assert found.redirect_uris == ("https://fhir.hospital.example/apps/chart/",)
    assert doctor.apps(settings) == ("1 built, and registered at https://fhir.hospital.example")
    assert "registered" not in upgrade().output


def test_an_app_that_can_t_be_registered_is_told_and_stops_no_upgrade(built, upgrade, settings):
    built("system/*.rs")

    done = upgrade()

    assert done.exit_code == 0
    assert "not registered: the app chart: system/" in done.output
    with pytest.raises(doctor.Trouble, match="chart"):
        doctor.apps(settings)


def test_where_nothing_is_built_doctor_says_how_to(monkeypatch, settings):
    monkeypatch.setattr(front_end, "folder", lambda: None)

    assert "make apps" in doctor.apps(settings)
