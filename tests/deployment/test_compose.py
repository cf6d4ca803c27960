"""What docker-compose.yml, the Dockerfile and the proxy's settings promise, without an engine."""

from __future__ import annotations

import dataclasses
import re
import shutil
import stat
import subprocess

import click
import pytest

from fhirserver.cli import main
from fhirserver.settings import Settings
from tests.deployment.compose import ROOT, document, services

LISTENING = (["web"], ["push"])
IMAGES = (["web"], ["dicom"], ["worker"])
OURS = [s for s in services().values() if s.is_ours]


@pytest.mark.parametrize("service", OURS, ids=lambda s: s.name)
def test_a_service_has_a_command_and_settings_that_exist(service):
    command: click.Command = main
    for word in service.command:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None, word
        command = found
    known = {f"FHIRSERVER_{f.name.upper()}" for f in dataclasses.fields(Settings)}
    assert {n.removesuffix("_FILE") if n not in known else n for n in service.environment} <= known


def test_each_role_of_production_is_there():
    assert {" ".join(s.command) for s in OURS} >= {
        *("web", "push", "mllp", "dicom", "worker", "beat", "db upgrade"),
    }


@pytest.mark.parametrize("service", services().values(), ids=lambda s: s.name)
def test_a_service_gets_its_secrets_from_files(service):
    files = document()["secrets"]
    for name in service.secrets:
        assert files[name]["file"] == f"./deploy/secrets/{name}"
    for name, value in service.environment.items():
        if value.startswith("/run/secrets/"):
            assert name.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in service.secrets
        assert not re.search("password|secret", name, re.IGNORECASE) or name.endswith("_FILE")


@pytest.mark.parametrize("service", OURS, ids=lambda s: s.name)
def test_our_services_can_do_little_to_their_host(service):
    assert service.described["read_only"] is True
    assert service.described["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service.described["security_opt"]
    assert "front" not in service.described["networks"] or service.command in LISTENING
    user = re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user == ["10001"]


def test_only_the_proxy_is_reached_from_outside_and_mllp_and_dicom_where_they_are_told_to():
    ports = {s.name: s.described["ports"] for s in services().values() if "ports" in s.described}
    assert ports == {
        "proxy": ["${FHIRSERVER_HTTPS_PORT:-443}:8443"],
        "mllp": ["${FHIRSERVER_MLLP_BIND:-127.0.0.1}:${FHIRSERVER_MLLP_PORT:-2575}:2575"],
        "dicom": ["${FHIRSERVER_DICOM_BIND:-127.0.0.1}:${FHIRSERVER_DICOM_PORT:-11112}:11112"],
    }
    networks = document()["networks"]
    assert networks["inside"]["internal"] is networks["front"]["internal"] is True


def test_no_two_services_share_what_each_must_keep_for_itself():
    own = [s.volumes["/var/lib/fhirserver"] for s in OURS if "/var/lib/fhirserver" in s.volumes]

    assert len(set(own)) == len(own)
    assert {s.volumes.get("/var/lib/fhirserver-blobs") for s in OURS if s.command == ["web"]} == {
        "blobs"
    }
    images = {s.volumes.get("/var/lib/fhirserver-images") for s in OURS if s.command in IMAGES}
    assert images == {"images"}


def test_the_proxy_is_believed_and_lets_through_what_the_server_takes():
    nginx = (ROOT / "deploy/nginx.conf").read_text()
    front = document()["networks"]["front"]["ipam"]["config"][0]["subnet"]
    webs = [s for s in OURS if s.command == ["web"]]

    assert {s.environment["FHIRSERVER_TRUSTED_PROXIES"] for s in webs} == {front}
    assert re.findall(r"server (\S+):8000;", nginx) == [s.name for s in webs]
    push = services()["push"].environment
    assert push["FHIRSERVER_TRUSTED_PROXIES"] == front
    assert re.findall(r"server push:(\d+);", nginx) == [push["FHIRSERVER_PUSH_PORT"]]
    assert int(re.search(r"client_max_body_size (\d+)m", nginx)[1]) * 10**6 == (
        Settings().max_body_bytes
    )


def test_websockets_of_subscriptions_are_where_clients_are_told_that_they_are():
    told = Settings(base_url="https://fhir.example/fhir").websocket_address

    assert told == "wss://fhir.example/push/subscriptions"
    assert "location = /push/subscriptions {" in (ROOT / "deploy/nginx.conf").read_text()


def test_the_proxy_can_read_its_settings(tmp_path):
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx isn't installed here")
    secrets(tmp_path)
    text = (ROOT / "deploy/nginx.conf").read_text()
    text = text.replace("/run/secrets", str(tmp_path / "deploy/secrets"))
    text = re.sub(r"server (web-\d|push):", "server 127.0.0.1:", text)
    (tmp_path / "nginx.conf").write_text(text)

    done = subprocess.run(
        [nginx, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_secrets_are_made_once_each_another_and_behind_a_closed_door(tmp_path):
    first = secrets(tmp_path)

    assert set(document()["secrets"]) <= set(first)
    assert first["database_password"] in first["database_url"]
    assert first["broker_password"] in first["broker_url"]
    assert first["broker_password"] != first["database_password"]
    assert stat.S_IMODE((tmp_path / "deploy/secrets").stat().st_mode) == 0o700
    assert secrets(tmp_path) == first
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().split()


def secrets(folder):
    """What deploy/secrets.sh makes, in a copy of its folder."""
    (folder / "deploy").mkdir(exist_ok=True)
    shutil.copy(ROOT / "deploy/secrets.sh", folder / "deploy")
    subprocess.run([folder / "deploy/secrets.sh"], check=True, capture_output=True)
    return {p.name: p.read_text().strip() for p in (folder / "deploy/secrets").iterdir()}
