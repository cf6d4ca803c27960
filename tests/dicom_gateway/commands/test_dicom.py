"""`fhirserver dicom` as a process of its own, and as a part of `fhirserver up`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from conformance.faults.server import Server, wait_until
from conformance.loopback import unused_port
from fhirserver.embedded.roles import listens
from tests.dicom_gateway.dimse.peers import an_ae_title, an_instance, associate


def environment(database_url: str, port: int) -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")},
        "FHIRSERVER_DATABASE_URL": database_url,
        "FHIRSERVER_DICOM_PORT": str(port),
        "FHIRSERVER_DICOM_UNKNOWN_PEERS": "accept",
    }


def test_a_listener_takes_instances_until_it_is_stopped(database_url: str, tmp_path: Path) -> None:
    port = unused_port()
    settings = environment(database_url, port) | {"FHIRSERVER_DICOM_DIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "fhirserver", "dicom"], env=settings)
    try:
        wait_until(listens("127.0.0.1", port), 120, "the listener is there")
        association = associate(port, an_ae_title())
        status = association.send_c_store(an_instance()).Status
        association.release()
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    finally:
        process.kill()
        process.wait(60)

    assert status == 0x0000
    assert code == 0


def test_a_port_that_is_taken_is_told_with_what_to_do(database_url: str) -> None:
    port = unused_port()
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(
            [sys.executable, "-m", "fhirserver", "dicom"],
            env=environment(database_url, port),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert done.returncode == 1
    assert f"port {port} is already in use" in done.stderr
    assert "--dicom-port" in done.stderr


def test_up_listens_for_dicom_and_refuses_strangers(running_server: Server) -> None:
    wait_until(listens("127.0.0.1", running_server.dicom_port), 120, "the listener is there")

    assert associate(running_server.dicom_port, an_ae_title()).is_rejected
