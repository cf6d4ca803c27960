"""A DICOM listener in this process, on the database of the tests."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from conformance.loopback import unused_port
from dicom_gateway.dimse.gateway import Gateway
from dicom_gateway.dimse.opening import DicomListener, open_listener
from fhirserver.instances import Instances
from fhirserver.settings import Settings
from tests.dicom_gateway.dimse.peers import an_ae_title, an_endpoint


@dataclass
class Listening:
    """Where it listens, and what is behind it."""

    port: int
    listener: DicomListener

    @property
    def gateway(self) -> Gateway:
        return self.listener.gateway

    @property
    def instances(self) -> Instances:
        return self.gateway.instances


Listen = Callable[..., Listening]


@pytest.fixture
def listen(database_url: str, tmp_path: Path) -> Iterator[Listen]:
    """Begins to listen: `listen(dicom_max_associations=3)`."""
    running: list[tuple[DicomListener, threading.Thread]] = []

    def make(**changed: Any) -> Listening:
        settings = Settings(
            data_dir=tmp_path,
            database_url=database_url,
            key_file=Settings().data_dir / "keys/master.keys",
            dicom_port=unused_port(),
        )
        settings = dataclasses.replace(settings, **changed)
        tls = None
        if settings.dicom_tls_certificate is not None:
            from dicom_gateway.commands import dicom

            tls = dicom.tls(settings)
        listener = open_listener(settings, tls)
        bound = socket.create_server(("127.0.0.1", settings.dicom_port))
        thread = threading.Thread(target=listener.run, args=(bound,), name="dicom-listener")
        thread.start()
        running.append((listener, thread))
        return Listening(settings.dicom_port, listener)

    yield make
    for listener, thread in running:
        listener.server.stop()
        thread.join(30)


@pytest.fixture
def listening(listen: Listen) -> Listening:
    return listen()


@pytest.fixture
def enter(client: FlaskClient) -> Callable[..., str]:
    """Enters a peer: `enter(may=["store"])`; its AE title, which no other test has."""

    def make(ae_title: str | None = None, **members: Any) -> str:
        title = ae_title or an_ae_title()
        answer = client.post("/fhir/Endpoint", json=an_endpoint(title, **members))
        assert answer.status_code == 201, answer.text
        return title

    return make


@pytest.fixture
def sender(enter: Callable[..., str]) -> str:
    """A peer that may store and ask for commitment."""
    return enter(may=["store", "commit"])


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program of dcmtk; skips where it isn't there."""

    def do(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
        program = shutil.which(str(command[0]))
        if program is None:
            pytest.skip(f"{command[0]} isn't installed (Debian's dcmtk)")
        return subprocess.run(
            [program, *map(str, command[1:])],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=120,
            env={"PATH": "/usr/bin:/bin", "DCMDICTPATH": "", **environment}
            if environment
            else None,
        )

    return do
